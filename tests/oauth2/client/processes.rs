//! Eight processes that share one token in a file. Only one of them renews it, even if processes
//! die.

use std::fs::{self, OpenOptions};
use std::future::ready;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::oauth2::parameter;
use oauth_proto::oauth2::{
    AuthorizationServer, Client, ConditionalWrite, Lease, LeaseOutcome, Session, SharedSession,
    StoredToken, Token, WriteOutcome,
};
use oauth_proto::{Request, Response, Timestamp};
use tiny_http::{Header, Server};

/// The time until the token endpoint responds.
const SLOW: Duration = Duration::from_secs(2);
/// The lifetime of a lease, longer than a renewal on a slow machine. A process that dies has the
/// shorter one.
const LEASE: Duration = Duration::from_secs(300);
const SHORT_LEASE: Duration = Duration::from_secs(3);

/// The arguments of a process: the address of the server, the folder with the token, and the point
/// at which the process dies.
const SERVER: &str = "OAUTH_PROTO_TEST_SERVER";
const FOLDER: &str = "OAUTH_PROTO_TEST_FOLDER";
const DIES: &str = "OAUTH_PROTO_TEST_DIES";

/// A folder with one token and one lease. Only one process at a time reads and writes its files.
#[derive(Clone)]
struct Folder(PathBuf);

impl Folder {
    fn locked<T>(&self, act: impl FnOnce(&Path) -> T) -> T {
        let lock = self.0.join("lock");
        while let Err(error) = OpenOptions::new().write(true).create_new(true).open(&lock) {
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
            std::thread::sleep(Duration::from_millis(2));
        }
        let done = act(&self.0);
        fs::remove_file(&lock).unwrap();
        done
    }

    fn read<T: serde::de::DeserializeOwned>(folder: &Path, name: &str) -> Option<T> {
        serde_json::from_slice(&fs::read(folder.join(name)).ok()?).unwrap()
    }

    fn write(folder: &Path, name: &str, value: &impl serde::Serialize) {
        fs::write(folder.join(name), serde_json::to_vec(value).unwrap()).unwrap();
    }

    fn load(&self) -> Option<StoredToken> {
        self.locked(|folder| Self::read(folder, "token"))
    }

    fn store_if_unchanged(&self, write: &ConditionalWrite) -> WriteOutcome {
        self.locked(|folder| {
            let stored: Option<StoredToken> = Self::read(folder, "token");
            if stored.as_ref().map(|stored| &stored.version) != write.expected.as_ref() {
                return WriteOutcome::Conflict;
            }
            Self::write(folder, "token", &write.stored);
            WriteOutcome::Stored
        })
    }

    fn lease(&self, lease: &Lease) -> LeaseOutcome {
        self.locked(|folder| {
            let held: Option<Lease> = Self::read(folder, "lease");
            if held.is_some_and(|held| held.expires_at > lease.now) {
                return LeaseOutcome::HeldByAnother;
            }
            Self::write(folder, "lease", lease);
            LeaseOutcome::Acquired
        })
    }

    fn release(&self, lease: &Lease) {
        self.locked(|folder| {
            let held: Option<Lease> = Self::read(folder, "lease");
            if held.is_some_and(|held| held.holder == lease.holder) {
                fs::remove_file(folder.join("lease")).unwrap();
            }
        });
    }
}

/// The program of the separate processes, which the tests below start. In a normal test run, this
/// test does nothing.
#[test]
fn one_of_the_processes() {
    let (Ok(server), Ok(folder)) = (std::env::var(SERVER), std::env::var(FOLDER)) else { return };
    let dies = std::env::var(DIES).unwrap_or_default();
    let folder = Folder(folder.into());
    let [load, store, lease, release] = [(); 4].map(|()| folder.clone());
    let client =
        Client::new(AuthorizationServer::new(&format!("{server}/token")).unwrap(), "client");
    let mut shared = SharedSession::builder(Session::new(&client, &server, None).unwrap())
        .load(move || ready(Ok::<_, std::io::Error>(load.load())))
        .store_if_unchanged(move |write| {
            ready(Ok::<_, std::io::Error>(store.store_if_unchanged(&write)))
        })
        .lease(move |wanted| ready(Ok::<_, std::io::Error>(lease.lease(&wanted))))
        .release(move |lease| {
            release.release(&lease);
            ready(Ok::<_, std::io::Error>(()))
        })
        .sleep(|pause| {
            std::thread::sleep(pause);
            ready(())
        });
    shared.lease_duration = if dies.is_empty() { LEASE } else { SHORT_LEASE };
    let shared = shared.build().unwrap();

    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let send = |request: Request| -> Result<Response, ureq::Error> {
        let is_renewal = request.uri().path() == "/token";
        if is_renewal && dies == "before" {
            std::process::exit(99);
        }
        let (parts, mut body) = agent.run(request)?.into_parts();
        let body = body.read_to_vec()?;
        if is_renewal && dies == "after" {
            std::process::exit(99);
        }
        Ok(Response::from_parts(parts, body))
    };
    let request = http::Request::get(format!("{server}/api")).body(Vec::new()).unwrap();
    let code = match shared.fetch(request, send) {
        Ok(response) if response.status() == 200 => 0,
        Ok(_) => 1,
        Err(error) if error.needs_sign_in() => 2,
        Err(error) => {
            eprintln!("{error}");
            3
        }
    };
    std::process::exit(code);
}

/// The state of the server.
#[derive(Default)]
struct Issued {
    /// The number of issued tokens. The current ones are `access-N` and `refresh-N`.
    number: u32,
    requests: usize,
}

/// Serves a token endpoint that rotates refresh tokens. It refuses the old refresh token
/// immediately, unless it has a grace time.
fn serve(server: &Server, issued: &Mutex<Issued>, grace: bool) {
    for mut request in server.incoming_requests() {
        let header = |name: &str, value: &str| Header::from_bytes(name, value).unwrap();
        if request.url() == "/api" {
            let presented =
                request.headers().iter().find(|header| header.field.equiv("authorization"));
            let expected = format!("Bearer access-{}", issued.lock().unwrap().number);
            let status = if presented.is_some_and(|header| header.value == expected.as_str()) {
                200
            } else {
                401
            };
            request.respond(tiny_http::Response::empty(status)).unwrap();
            continue;
        }
        let mut body = Vec::new();
        std::io::Read::read_to_end(request.as_reader(), &mut body).unwrap();
        let refresh = parameter(&body, "refresh_token");
        let answer = {
            let mut issued = issued.lock().unwrap();
            issued.requests += 1;
            let is_present = refresh == format!("refresh-{}", issued.number);
            let is_last = issued.number > 0 && refresh == format!("refresh-{}", issued.number - 1);
            issued.number += u32::from(is_present);
            let number = issued.number;
            (is_present || (is_last && grace)).then(|| {
                format!(
                    r#"{{"access_token":"access-{number}","refresh_token":"refresh-{number}",
                    "token_type":"Bearer","expires_in":3600}}"#
                )
            })
        };
        std::thread::sleep(SLOW);
        let json = header("content-type", "application/json");
        let response = match answer {
            Some(answer) => tiny_http::Response::from_string(answer).with_header(json),
            None => tiny_http::Response::from_string(r#"{"error":"invalid_grant"}"#)
                .with_status_code(400)
                .with_header(json),
        };
        // The process may have died, so the error is ignored.
        let _ = request.respond(response);
    }
}

/// Runs eight processes, and before them a process that dies at `dies`, if it is `Some`. Returns
/// the exit codes of the eight, and the number of token requests.
fn processes(name: &str, dies: Option<&str>, grace: bool) -> (Vec<i32>, usize) {
    let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
    let address = format!("http://{}", server.server_addr().to_ip().unwrap());
    let issued = Arc::new(Mutex::new(Issued::default()));
    let (serving, known) = (server.clone(), issued.clone());
    let served = std::thread::spawn(move || serve(&serving, &known, grace));

    let folder = std::env::temp_dir().join(format!("oauth-proto-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut token = Token::bearer("access-0");
    token.refresh_token = Some("refresh-0".into());
    token.expires_at = Some(Timestamp::from_secs(1));
    Folder::write(&folder, "token", &StoredToken::new(token));

    let start = |dies: &str| -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "client::processes::one_of_the_processes", "--nocapture"])
            .env(SERVER, &address)
            .env(FOLDER, &folder)
            .env(DIES, dies)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    if let Some(dies) = dies {
        assert_eq!(start(dies).wait().unwrap().code(), Some(99), "it holds the lease, and is gone");
    }
    let eight: Vec<Child> = (0..8).map(|_| start("")).collect();
    let ended = eight.into_iter().map(|mut child| child.wait().unwrap().code().unwrap()).collect();
    server.unblock();
    served.join().unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let requests = issued.lock().unwrap().requests;
    (ended, requests)
}

const ALL_GOOD: [i32; 8] = [0; 8];
const ALL_SIGN_IN: [i32; 8] = [2; 8];

/// Row `renewal-in-two-processes`.
#[test]
fn one_of_eight_processes_renews_and_all_use_its_token() {
    assert_eq!(processes("renew", None, false), (ALL_GOOD.to_vec(), 1));
}

/// Rows `renewal-in-two-processes` and `renewal-abandoned`: the process has the lease, and dies
/// before it has sent a request.
#[test]
fn if_the_renewing_process_dies_before_its_request_another_process_renews() {
    assert_eq!(processes("before", Some("before"), false), (ALL_GOOD.to_vec(), 1));
}

/// Rows `renewal-in-two-processes` and `renewal-abandoned`: the process dies before it has stored
/// the new token.
#[test]
fn if_the_renewing_process_dies_after_the_rotation_a_grace_time_keeps_the_grant() {
    assert_eq!(processes("grace", Some("after"), true), (ALL_GOOD.to_vec(), 2));
}

/// One process learns that the grant has ended, and stores that for the others.
#[test]
fn without_a_grace_time_the_grant_has_ended_and_no_process_asks_again() {
    assert_eq!(processes("after", Some("after"), false), (ALL_SIGN_IN.to_vec(), 2));
}
