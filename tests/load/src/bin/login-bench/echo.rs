//! The smallest service there is: JSON in, the same JSON out.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;

/// It runs until it is dropped.
pub(crate) struct Echo {
    child: Child,
    pub(crate) url: String,
}

impl Echo {
    pub(crate) fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.arg("echo").stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { child, url: format!("http://{}/", address.trim()) }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn serve() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let app = Router::new().route("/", post(|body: Json<Value>| async { body }));
    axum::serve(listener, app).await.unwrap();
}
