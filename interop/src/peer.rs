//! Another implementation in its own process. Messages are lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The time limit for a response. It is long, because the machine may be busy.
pub const LIMIT: Duration = Duration::from_secs(240);

/// A running script. It ends when this value is dropped. If this process is killed, the script ends
/// because its input ends.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
}

impl Peer {
    /// Runs a script in `peers`. The end of its name says whether it is Python or JavaScript.
    pub fn run(script: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program =
            if script.ends_with(".py") { here.join(".venv/bin/python") } else { "node".into() };
        let mut child = Command::new(&program)
            .arg(here.join("peers").join(script))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{} does not start ({error}): use interop/run", program.display())
            });
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, input, answers }
    }

    /// Sends a message, and waits for the response.
    pub fn ask<A: DeserializeOwned>(&mut self, question: &impl Serialize) -> A {
        self.ask_all(&[question]).remove(0)
    }

    /// Sends messages, and waits for a response to each of them.
    pub fn ask_all<A: DeserializeOwned>(&mut self, questions: &[impl Serialize]) -> Vec<A> {
        let lines = questions
            .iter()
            .map(|question| serde_json::to_string(question).expect("it can be JSON") + "\n");
        let text: String = lines.collect();
        std::thread::scope(|scope| {
            // Writing runs in parallel with reading, because a full pipe would block both. If
            // writing fails, the responses are missing.
            scope.spawn(|| self.input.write_all(text.as_bytes()).and_then(|()| self.input.flush()));
            let answers: Vec<_> = questions.iter().map_while(|_| next(&self.answers)).collect();
            if answers.len() < questions.len() {
                // The writer must not wait for a process that has stopped reading.
                drop(self.child.kill());
                panic!(
                    "the peer gave {} answers where {} were due",
                    answers.len(),
                    questions.len()
                );
            }
            answers
        })
    }
}

fn next<A: DeserializeOwned>(answers: &Receiver<String>) -> Option<A> {
    match answers.recv_timeout(LIMIT) {
        Ok(line) => {
            Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}")))
        }
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
