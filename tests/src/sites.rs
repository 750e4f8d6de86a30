//! Two applications behind a proxy that asks a service who may pass, as the recipes in `examples` have it.

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
    /// Traefik, with `ForwardAuth`.
    Traefik,
    /// Envoy, with `ext_authz`.
    Envoy,
}

/// A running proxy before two sites; stopped when dropped.
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
    /// Of the applications, at 127.0.0.1.
    pub applications: [u16; 2],
}

impl Ports {
    /// Free ones.
    #[must_use]
    pub fn free() -> Self {
        Self { service: free_port(), site: free_port(), applications: [free_port(), free_port()] }
    }

    /// The origins of the two sites.
    #[must_use]
    pub fn origins(&self) -> [String; 2] {
        ["127.0.0.2", "127.0.0.3"].map(|host| format!("http://{host}:{}", self.site))
    }
}

impl Sites {
    /// Starts the proxy with its recipe and waits until it answers. Each application tells which of them it is, and what head
    /// it was asked with.
    ///
    /// # Panics
    /// Where it does not come to that.
    #[must_use]
    pub fn start(home: &Home, proxy: Proxy, ports: Ports) -> Self {
        for (at, port) in ports.applications.into_iter().enumerate() {
            echo(TcpListener::bind(("127.0.0.1", port)).unwrap(), at);
        }
        std::fs::create_dir_all(home.path("proxy")).unwrap();
        let mut command = match proxy {
            Proxy::Nginx => nginx(home, ports),
            Proxy::Caddy => caddy(home, ports),
            Proxy::Traefik => traefik(home, ports),
            Proxy::Envoy => envoy(home, ports),
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let mut sites = Self {
            child: child
                .expect("nginx and Caddy are installed: `cargo xtask setup`; Traefik and Envoy: `cargo xtask proxies`"),
        };
        for host in ["127.0.0.2", "127.0.0.3"] {
            let start = Instant::now();
            while !is_ready(host, ports.site) {
                assert!(sites.child.try_wait().unwrap().is_none(), "{proxy:?} ended");
                assert!(start.elapsed() < Duration::from_secs(20), "{proxy:?} does not answer");
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

/// Whether a proxy listens, and has read its routes.
fn is_ready(host: &str, port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((host, port)) else { return false };
    let request = format!("GET / HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n");
    let mut answer = Vec::new();
    stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_end(&mut answer)).is_ok()
        && !answer.starts_with(b"HTTP/1.1 404")
}

fn nginx(home: &Home, ports: Ports) -> Command {
    let main = recipe(include_str!("../../examples/nginx/nginx.conf"), ports, "8480", "8490");
    // The application is ours.
    let (main, _) = main.split_once("    # In place of your applications").expect("the recipe's application");
    home.write("proxy/nginx.conf", format!("{main}}}\n"));
    let part = include_str!("../../examples/nginx/didshake.conf");
    home.write("proxy/didshake.conf", replace(part, "127.0.0.1:8400", &format!("127.0.0.1:{}", ports.service)));
    let mut command = Command::new("nginx");
    command.args(["-e", "stderr", "-g", "daemon off; master_process off;", "-p"]).arg(home.path("proxy"));
    command.args(["-c", "nginx.conf"]);
    command
}

fn caddy(home: &Home, ports: Ports) -> Command {
    let main = recipe(include_str!("../../examples/caddy/Caddyfile"), ports, "8481", "8491");
    let main = replace(&main, "127.0.0.1:8400", &format!("127.0.0.1:{}", ports.service));
    let (main, _) = main.split_once("# In place of your applications").expect("the recipe's application");
    let (directory, file) = (home.path("proxy"), home.write("proxy/Caddyfile", main));
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
    command.env("XDG_CONFIG_HOME", &directory).env("XDG_DATA_HOME", &directory).stderr(Stdio::null());
    command
}

fn traefik(home: &Home, ports: Ports) -> Command {
    home.write("proxy/traefik.yml", sites(include_str!("../../examples/traefik/traefik.yml"), ports, "8482"));
    let part = include_str!("../../examples/traefik/didshake.yml");
    let part = replace(part, "127.0.0.1:8400", &format!("127.0.0.1:{}", ports.service));
    home.write("proxy/didshake.yml", applications(&part, "127.0.0.1:", "8492", ports));
    let mut command = Command::new("traefik");
    command.arg("--configFile=traefik.yml").current_dir(home.path("proxy"));
    command
}

fn envoy(home: &Home, ports: Ports) -> Command {
    let port = |number: u16| format!("port_value: {number}");
    let main = sites(include_str!("../../examples/envoy/envoy.yaml"), ports, "8483");
    let main = replace(&main, "http://127.0.0.1:8400", &format!("http://127.0.0.1:{}", ports.service));
    let main = replace(&main, &port(8400), &port(ports.service));
    let main = applications(&main, "port_value: ", "8493", ports);
    let file = home.write("proxy/envoy.yaml", replace(&main, &port(8483), &port(ports.site)));
    let mut command = Command::new("envoy");
    command.args(["--use-dynamic-base-id", "--log-level", "off", "--config-path"]).arg(file);
    command
}

/// The recipe with our ports.
fn recipe(text: &str, ports: Ports, site: &str, application: &str) -> String {
    applications(&sites(text, ports, site), "127.0.0.1:", application, ports)
}

fn sites(text: &str, ports: Ports, site: &str) -> String {
    let text = replace(text, &format!("127.0.0.2:{site}"), &format!("127.0.0.2:{}", ports.site));
    replace(&text, &format!("127.0.0.3:{site}"), &format!("127.0.0.3:{}", ports.site))
}

/// The applications' ports: the first that stands there is that of the first site.
fn applications(text: &str, before: &str, application: &str, ports: Ports) -> String {
    let [first, second] = ports.applications.map(|port| format!("{before}{port}"));
    let from = format!("{before}{application}");
    assert!(text.contains(&from), "the recipe has no `{from}`");
    replace(&text.replacen(&from, &first, 1), &from, &second)
}

/// The recipe must hold what is changed, or the test would not test it.
fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the recipe has no `{from}`");
    text.replace(from, to)
}

/// An application that answers each request with its own number and the head, until the process ends.
fn echo(listener: TcpListener, number: usize) {
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                    head.extend(byte);
                }
                head.extend(format!("application: {number}\r\n").into_bytes());
                let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", head.len());
                let _ = stream.write_all(&[answer.into_bytes(), head].concat());
            });
        }
    });
}
