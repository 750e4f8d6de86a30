//! Two applications behind a proxy that asks a service who may pass, as `examples/nginx` and `examples/caddy` have it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::home::Home;
use crate::nginx::free_port;

/// Which proxy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proxy {
    /// nginx, with `auth_request`.
    Nginx,
    /// Caddy, with `forward_auth`.
    Caddy,
}

/// A running proxy, and the application behind both sites; stopped when dropped.
pub struct Sites {
    child: Child,
}

/// Where everything is, chosen before anything starts.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// Of the service, at 127.0.0.1.
    pub service: u16,
    /// Of the sites, at 127.0.0.2 and 127.0.0.3.
    pub site: u16,
    /// Of the application, at 127.0.0.1.
    pub application: u16,
}

impl Ports {
    /// Free ones.
    #[must_use]
    pub fn free() -> Self {
        Self { service: free_port(), site: free_port(), application: free_port() }
    }

    /// The origins of the two sites.
    #[must_use]
    pub fn origins(&self) -> [String; 2] {
        ["127.0.0.2", "127.0.0.3"].map(|host| format!("http://{host}:{}", self.site))
    }
}

impl Sites {
    /// Starts the proxy with its recipe and waits until it listens. The application tells what head it was asked with.
    ///
    /// # Panics
    /// Where it does not come to that.
    #[must_use]
    pub fn start(home: &Home, proxy: Proxy, ports: Ports) -> Self {
        echo(TcpListener::bind(("127.0.0.1", ports.application)).unwrap());
        let directory = home.path("proxy");
        std::fs::create_dir_all(&directory).unwrap();
        let mut command = match proxy {
            Proxy::Nginx => {
                let main = recipe(include_str!("../../examples/nginx/nginx.conf"), ports, "8480", "8490");
                // The application is ours.
                let (main, _) =
                    main.split_once("    # In place of your applications").expect("the recipe's application");
                home.write("proxy/nginx.conf", format!("{main}}}\n"));
                let part = include_str!("../../examples/nginx/didshake.conf");
                home.write(
                    "proxy/didshake.conf",
                    replace(part, "127.0.0.1:8400", &format!("127.0.0.1:{}", ports.service)),
                );
                let mut command = Command::new("nginx");
                command.args(["-e", "stderr", "-g", "daemon off; master_process off;", "-p"]).arg(&directory);
                command.args(["-c", "nginx.conf"]);
                command
            }
            Proxy::Caddy => {
                let main = recipe(include_str!("../../examples/caddy/Caddyfile"), ports, "8481", "8491");
                let main = replace(&main, "127.0.0.1:8400", &format!("127.0.0.1:{}", ports.service));
                let (main, _) = main.split_once("# In place of your applications").expect("the recipe's application");
                home.write("proxy/Caddyfile", main);
                let mut command = Command::new("caddy");
                command.args(["run", "--adapter", "caddyfile", "--config"]).arg(directory.join("Caddyfile"));
                command.env("XDG_CONFIG_HOME", &directory).env("XDG_DATA_HOME", &directory).stderr(Stdio::null());
                command
            }
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let mut sites = Self { child: child.expect("nginx and Caddy are installed: `cargo xtask setup`") };
        for host in ["127.0.0.2", "127.0.0.3"] {
            let start = Instant::now();
            while TcpStream::connect((host, ports.site)).is_err() {
                assert!(sites.child.try_wait().unwrap().is_none(), "{proxy:?} ended");
                assert!(start.elapsed() < Duration::from_secs(20), "{proxy:?} does not listen");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        sites
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The recipe with our ports.
fn recipe(text: &str, ports: Ports, site: &str, application: &str) -> String {
    let text = replace(text, &format!("127.0.0.2:{site}"), &format!("127.0.0.2:{}", ports.site));
    let text = replace(&text, &format!("127.0.0.3:{site}"), &format!("127.0.0.3:{}", ports.site));
    replace(&text, &format!("127.0.0.1:{application}"), &format!("127.0.0.1:{}", ports.application))
}

/// The recipe must hold what is changed, or the test would not test it.
fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the recipe has no `{from}`");
    text.replace(from, to)
}

/// An application that answers each request with its head, until the process ends.
fn echo(listener: TcpListener) {
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                    head.extend(byte);
                }
                let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", head.len());
                let _ = stream.write_all(&[answer.into_bytes(), head].concat());
            });
        }
    });
}
