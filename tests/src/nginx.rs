//! nginx from Debian before a service: its configuration is the one of `deploy/nginx.conf`.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::home::Home;

const RECIPE: &str = include_str!("../../deploy/nginx.conf");

/// A running nginx; stopped when dropped.
pub struct Nginx {
    child: Child,
}

/// One server of it, as the recipe has it.
pub struct Site<'a> {
    /// The port that it listens on, at 127.0.0.1.
    pub port: u16,
    /// Where it passes requests on to: `127.0.0.1:PORT`, or several with commas, in turn.
    pub upstream: &'a str,
    /// What it says as `Host`: `$http_host` in the recipe.
    pub host: &'a str,
}

/// A port of 127.0.0.1 that was free a moment ago.
///
/// # Panics
/// Where there is none.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Nginx {
    /// Starts it with a certificate chain and its key, and waits until it listens.
    ///
    /// # Panics
    /// Where it does not come to that.
    #[must_use]
    pub fn start(home: &Home, chain: &Path, key: &Path, sites: &[Site<'_>]) -> Self {
        let mut servers = String::new();
        for (at, site) in sites.iter().enumerate() {
            let (server, map) = RECIPE.split_once("\nmap ").expect("the recipe ends with a map");
            let server = replace(server, "listen 443 ssl", &format!("listen 127.0.0.1:{} ssl", site.port));
            let server = replace(&server, "login.example;", "localhost;");
            let server = replace(&server, "/etc/ssl/login.example.pem", chain.to_str().unwrap());
            let server = replace(&server, "/etc/ssl/login.example.key", key.to_str().unwrap());
            let server = replace(&server, "127.0.0.1:8400", &format!("upstream_{at}"));
            let upstreams: String =
                site.upstream.split(',').map(|upstream| format!("server {upstream} max_fails=0;\n")).collect();
            // As the recipe says for several.
            let server = replace(&server, "proxy_next_upstream off;", "proxy_next_upstream error;");
            servers += &format!("upstream upstream_{at} {{\n{upstreams}}}\n");
            servers += &replace(&server, "Host $http_host", &format!("Host {}", site.host));
            if at == 0 {
                servers += &format!("\nmap {map}");
            }
        }
        let directory = home.path("nginx");
        std::fs::create_dir_all(&directory).unwrap();
        let shown = directory.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {shown}/{name};\n"))
            .concat();
        let text = format!(
            "daemon off;\nmaster_process off;\npid {shown}/pid;\nerror_log {shown}/error.log;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}{servers}}}\n"
        );
        let file = home.write("nginx/nginx.conf", text);
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&file).arg("-p").arg(&directory);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn();
        let mut nginx = Self { child: child.expect("nginx is installed: `cargo xtask setup`") };
        sites.iter().for_each(|site| nginx.wait_for(site.port));
        nginx
    }

    fn wait_for(&mut self, port: u16) {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "nginx ended");
            assert!(start.elapsed() < Duration::from_secs(20), "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The recipe must hold what is changed, or the test would not test it.
fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "deploy/nginx.conf has no `{from}`");
    text.replace(from, to)
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
