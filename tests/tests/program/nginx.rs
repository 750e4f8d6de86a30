//! The service behind nginx from Debian, over TLS with a root of our own: what works, and what must not.

use didshake::Did;
use didshake_tests::{Client, Home, Login, Nginx, NginxSite, Outcome, Service, free_port};

/// A service, nginx before it as `https://localhost:PORT`, and another origin that passes everything on to it.
struct Scene {
    home: Home,
    // Stopped when the scene is over.
    running: Service,
    _nginx: Nginx,
    origin: String,
    relay: String,
    direct: String,
    service: Did,
    client: Client,
}

fn scene() -> Scene {
    let home = Home::new();
    let _ = home.run(&["certs", "--out", "tls", "localhost", "127.0.0.1"]).expect(0);
    let (front, relay, back) = (free_port(), free_port(), free_port());
    let origin = format!("https://localhost:{front}");
    let listen = format!("127.0.0.1:{back}");
    let arguments = ["--listen", &listen, "--public-url", &origin, "--trusted-proxy", "127.0.0.1/32"];
    let service = Service::start(&home, &arguments);
    let host = format!("localhost:{front}");
    let sites = [
        NginxSite { port: front, upstream: &listen, host: "$http_host" },
        NginxSite { port: relay, upstream: &listen, host: &host },
    ];
    let nginx = Nginx::start(&home, &home.path("tls/server.pem"), &home.path("tls/server.key"), &sites);
    let roots = std::fs::read(home.path("tls/root.pem")).unwrap();
    let meant = Did::parse(&service.did).unwrap();
    Scene {
        client: Client::new([9; 32], &roots),
        relay: format!("https://localhost:{relay}"),
        direct: format!("http://{listen}"),
        home,
        running: service,
        _nginx: nginx,
        origin,
        service: meant,
    }
}

impl Scene {
    async fn log_in(&self) -> Login {
        match self.client.log_in(&format!("{}/didshake", self.origin), &self.service).await {
            Outcome::Accepted(login) => *login,
            Outcome::Refused(answer) => panic!("refused: {answer:?}"),
            Outcome::NothingSent | Outcome::Unknown(_) => panic!("the connection failed"),
        }
    }

    fn signed(&self, login: &Login, method: &str, path: &str, body: &[u8]) -> reqwest::Request {
        self.client.signed(login, method, &format!("{}{path}", self.origin), body)
    }

    async fn status(&self, request: reqwest::Request) -> u16 {
        self.client.send(request).await.unwrap().status
    }
}

#[test]
fn the_program_logs_in_and_signs_through_nginx() {
    let scene = scene();
    let home = &scene.home;
    let me = home.identity("alice");
    let root = ["--root-cert", "tls/root.pem"];
    let login = ["--json", "login", &scene.origin, "--as", "alice", "--expect", scene.service.as_str()];
    let login = home.run(&[&login[..], &root[..]].concat()).expect(0).json();
    assert_eq!(login["me"]["did"], me.as_str());
    assert_eq!(login["service"]["did"], scene.service.as_str());
    assert_eq!(login["session"]["client"], "127.0.0.1");

    let url = format!("{}/v1/session?a=%20b&a=", scene.origin);
    let session = home.run(&[&["request", "GET", &url][..], &root[..]].concat()).expect(0).json();
    assert_eq!(session["did"], me.as_str());
    assert_eq!(session["session_id"], login["session"]["session_id"]);
    let _ = home.run(&[&["logout", &scene.origin][..], &root[..]].concat()).expect(0);
    let _ = home.run(&[&["request", "GET", &url][..], &root[..]].concat()).expect(4);
}

// R-BIND-5, R-BIND-6, R-BIND-7
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_at_another_origin_fails() {
    let scene = scene();
    let relayed = scene.client.log_in(&format!("{}/didshake", scene.relay), &scene.service).await;
    assert!(matches!(relayed, Outcome::Refused(_)), "a login through another origin came to an end");

    // The same relay works for who knows where it leads: what fails is the origin, not the connection.
    let through = format!("{}/didshake", scene.relay);
    let meant = format!("{}/didshake", scene.origin);
    assert!(matches!(scene.client.log_in_through(&meant, &through, &scene.service).await, Outcome::Accepted(_)));
}

// R-BIND-7, R-REQ-9
#[tokio::test(flavor = "multi_thread")]
async fn forwarded_headers_and_a_forged_host_change_nothing() {
    let scene = scene();
    let login = scene.log_in().await;
    let forged = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "80"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-original-host", "evil.example"),
        ("x-original-url", "/v1/sessions"),
    ];
    let mut request = scene.signed(&login, "GET", "/v1/session", b"");
    for (name, value) in forged {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    assert_eq!(scene.status(request).await, 200);

    // Straight to the service: another Host is nobody's, whatever is signed.
    let straight = |host: &'static str| {
        let mut request = scene.signed(&login, "GET", "/v1/session", b"");
        *request.url_mut() = format!("{}/v1/session", scene.direct).parse().unwrap();
        request.headers_mut().insert("host", host.parse().unwrap());
        request
    };
    for host in ["evil.example", "localhost", "localhost:1"] {
        assert_eq!(scene.status(straight(host)).await, 401, "{host}");
    }
    let nobodys = scene.client.log_in(&format!("{}/didshake", scene.direct), &scene.service).await;
    assert!(matches!(nobodys, Outcome::Refused(answer) if answer.status == 421), "a Host that is nobody's");
}

// Proxies of applications ask straight; what somebody asked for there stays out of the service's log.
#[tokio::test(flavor = "multi_thread")]
async fn what_proxies_ask_is_not_for_the_world() {
    let scene = scene();
    let paths =
        ["/authz/auth-request", "/authz/forward-auth", "/authz/ext-authz/private-page?q=1", "/authz/ext-authz/"];
    for path in paths {
        let status = async |origin: &str| scene.client.browse(&format!("{origin}{path}"), &[]).await.status;
        assert_eq!((status(&scene.origin).await, status(&scene.direct).await), (404, 403), "{path}");
    }
    let log = scene.running.log();
    assert!(log.contains("/authz/ext-authz/") && !log.contains("private-page"), "{log}");
}

// R-REQ-5, R-REQ-7, R-REQ-8, R-REQ-10
#[tokio::test(flavor = "multi_thread")]
async fn what_was_stolen_altered_or_sent_before_is_refused() {
    let scene = scene();
    let (login, other) = (scene.log_in().await, scene.log_in().await);
    let request = || scene.signed(&login, "GET", "/v1/session?a=1", b"");
    let sent = request();
    let again = sent.try_clone().unwrap();
    assert_eq!(scene.status(sent).await, 200);
    assert_eq!(scene.status(again).await, 401, "a request counted twice");

    let field = |request: &reqwest::Request, name: &str| request.headers()[name].to_str().unwrap().to_owned();
    // The id of somebody's session, under the key of another.
    let mut stolen = scene.signed(&other, "GET", "/v1/session?a=1", b"");
    let input = field(&request(), "signature-input");
    stolen.headers_mut().insert("signature-input", input.parse().unwrap());
    assert_eq!(scene.status(stolen).await, 401, "a session id is enough");

    let mut altered = Vec::new();
    for url in ["/v1/session?a=2", "/v1/session", "/v1/sessions?a=1", "/v1/session?a=1&b", "/v1/session?A=1"] {
        let mut request = request();
        *request.url_mut() = format!("{}{url}", scene.origin).parse().unwrap();
        altered.push(request);
    }
    let mut method = request();
    *method.method_mut() = reqwest::Method::DELETE;
    altered.push(method);
    let mut body = request();
    *body.body_mut() = Some("x".into());
    altered.push(body);
    for name in ["signature", "signature-input", "content-digest"] {
        let mut request = request();
        request.headers_mut().remove(name);
        altered.push(request);
        let mut request = self::changed(&scene.signed(&login, "GET", "/v1/session?a=1", b""), name);
        request.headers_mut().append("x-unsigned", "1".parse().unwrap());
        altered.push(request);
    }
    for request in altered {
        let shown = format!("{request:?}");
        let answer = scene.client.send(request).await.unwrap();
        assert_eq!(answer.status, 401, "{shown}");
        assert_eq!(answer.headers["www-authenticate"], "DIDShake", "{shown}");
    }
    assert_eq!(scene.status(request()).await, 200, "the session itself is unharmed");
}

/// The request with one character of a field changed to another that may stand there.
fn changed(request: &reqwest::Request, name: &'static str) -> reqwest::Request {
    let mut request = request.try_clone().unwrap();
    let mut value = request.headers()[name].to_str().unwrap().to_owned();
    let at = value.rfind(['=', ':']).unwrap() - 3;
    let other = if value.as_bytes()[at] == b'A' { "B" } else { "A" };
    value.replace_range(at..=at, other);
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}
