//! The transport for reqwest in the README, on tokio, with a server on loopback.

#[path = "../../examples/loopback/mod.rs"]
mod loopback;

use std::time::Duration;

use oauth_proto::oauth2::{Grant, Session, SharedSession};
use oauth_proto::{BoxError, Request, Response};
use reqwest::redirect::Policy;

async fn send_request(http: reqwest::Client, request: Request) -> Result<Response, BoxError> {
    let mut incoming = http.execute(request.try_into()?).await?;
    let mut response = Response::new(Vec::new());
    *response.status_mut() = incoming.status();
    *response.headers_mut() = std::mem::take(incoming.headers_mut());
    while let Some(chunk) = incoming.chunk().await? {
        response.body_mut().extend_from_slice(&chunk);
        if response.body().len() > 1 << 20 {
            return Err("the response is larger than 1 MiB".into());
        }
    }
    Ok(response)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

fn on_tokio<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(task)
}

#[test]
fn the_readme_has_this_transport() {
    let own = include_str!("reqwest_transport.rs");
    let start = own.find("async fn send_request").unwrap();
    let function = &own[start..start + own[start..].find("\n}\n").unwrap()];
    assert!(include_str!("../../README.md").contains(function), "{function}");
}

#[test]
fn a_session_gets_a_token_over_reqwest_and_calls_the_api() {
    let photos = loopback::photo_service().unwrap();
    let client_of_photos = loopback::client(&photos.origin).unwrap();
    let mut session = Session::new(&client_of_photos, &photos.origin, None).unwrap();
    session.grant = Some(Grant::client_credentials().scope("albums"));
    let shared = SharedSession::builder(session).build().unwrap();
    let albums = http::Request::get(format!("{}/albums", photos.origin));
    let http = client();
    let send = |request| send_request(http.clone(), request);
    let response = on_tokio(shared.fetch_async(albums.body(Vec::new()).unwrap(), send)).unwrap();
    assert_eq!(response.status(), 200);
    assert!(String::from_utf8_lossy(response.body()).contains("Holiday"));
}

#[test]
fn a_response_of_more_than_a_mebibyte_is_an_error_and_a_redirect_is_returned() {
    let server = loopback::Server::start(|_| {
        Ok(|request: &Request| match request.uri().path() {
            "/large" => Response::new(vec![b' '; (1 << 20) + 1]),
            _ => {
                let builder = http::Response::builder().status(302).header("location", "/large");
                builder.body(Vec::new()).unwrap()
            }
        })
    })
    .unwrap();
    let get = |path: &str| {
        let request = http::Request::get(format!("{}{path}", server.origin));
        on_tokio(send_request(client(), request.body(Vec::new()).unwrap()))
    };
    assert_eq!(get("/large").unwrap_err().to_string(), "the response is larger than 1 MiB");
    assert_eq!(get("/").unwrap().status(), 302);
}
