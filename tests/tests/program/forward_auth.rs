//! Two applications behind nginx, Caddy, Traefik and Envoy, with the recipes of `examples/`: who comes in, and what must not.

use didshake::Did;
use didshake_tests::{Client, Home, Outcome, Ports, Posted, Proxy, Service, Sites};

struct Scene {
    home: Home,
    // Stopped when the scene is over.
    service: Service,
    _sites: Sites,
    portal: String,
    wiki: String,
    notes: String,
}

/// A browser: a client with a jar of its own for each host.
struct Browser {
    client: Client,
    cookies: Vec<(String, String, String)>,
}

fn scene(proxy: Proxy) -> Scene {
    let (home, ports) = (Home::new(), Ports::free());
    let [wiki, notes] = ports.origins();
    let policy = home.write("notes.toml", rule("did:web:example.com:nobody"));
    let (listen, application) = (format!("127.0.0.1:{}", ports.service), format!("{notes}={}", policy.display()));
    let arguments =
        ["--listen", &listen, "--trusted-proxy", "127.0.0.1", "--application", &wiki, "--application", &application];
    let service = Service::start(&home, &arguments);
    Scene { _sites: Sites::start(&home, proxy, ports), portal: service.origin.clone(), home, service, wiki, notes }
}

fn rule(did: &str) -> String {
    format!("[groups]\nstaff = [\"{did}\"]\neveryone-1 = [\"{did}\"]\n[[rule]]\nallow = {{ group = \"staff\" }}\n")
}

impl Browser {
    fn new(seed: u8) -> Self {
        Self { client: Client::new([seed; 32], &[]), cookies: Vec::new() }
    }

    /// Logs in at the service itself, as the page does.
    async fn log_in(&mut self, scene: &Scene) {
        let meant = Did::parse(&scene.service.did).unwrap();
        let Outcome::Accepted(login) = self.client.log_in(&format!("{}/didshake", scene.portal), &meant).await else {
            panic!("no login")
        };
        let url = format!("{}/v1/session/cookie", scene.portal);
        let mut request = self.client.signed(&login, "POST", &url, b"");
        request.headers_mut().insert("origin", scene.portal.parse().unwrap());
        let answer = self.client.send(request).await.unwrap();
        assert_eq!(answer.status, 204);
        self.keep(&url, &answer);
    }

    /// One request with the cookies of its host.
    async fn get(&mut self, url: &str, fields: &[(&str, &str)]) -> Posted {
        let jar = self.jar(url);
        let mut all = vec![("accept", "text/html,*/*")];
        all.extend(fields);
        if !jar.is_empty() {
            all.push(("cookie", &jar));
        }
        let answer = self.client.browse(url, &all).await;
        self.keep(url, &answer);
        answer
    }

    fn jar(&self, url: &str) -> String {
        let own = self.cookies.iter().filter(|(host, ..)| *host == host_of(url));
        own.map(|(_, name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Follows redirects to the page at their end; the addresses on the way come along.
    async fn open(&mut self, url: &str) -> (Posted, Vec<String>) {
        let mut way = vec![url.to_owned()];
        loop {
            let here = way.last().unwrap().clone();
            let answer = self.get(&here, &[]).await;
            let Some(location) = location(&answer) else { return (answer, way) };
            way.push(if location.starts_with('/') { format!("{}{location}", origin_of(&here)) } else { location });
            assert!(way.len() < 8, "in circles: {way:?}");
        }
    }

    fn keep(&mut self, url: &str, answer: &Posted) {
        for field in answer.headers.get_all("set-cookie") {
            let field = field.to_str().unwrap();
            let (pair, attributes) = field.split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(
                name.starts_with("__Host-") && attributes.contains("Path=/; Secure; HttpOnly; SameSite=Lax"),
                "{field}"
            );
            self.cookies.retain(|(host, other, _)| *host != host_of(url) || other != name);
            if !attributes.contains("Max-Age=0") {
                self.cookies.push((host_of(url), name.to_owned(), value.to_owned()));
            }
        }
    }
}

fn origin_of(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

fn host_of(url: &str) -> String {
    origin_of(url).rsplit_once(':').unwrap().0.to_owned()
}

fn location(answer: &Posted) -> Option<String> {
    answer.headers.get("location").map(|field| field.to_str().unwrap().to_owned())
}

fn text(answer: &Posted) -> String {
    String::from_utf8_lossy(&answer.body).to_ascii_lowercase()
}

/// What the application was told in this field, each time that it stood there.
fn told<'a>(head: &'a str, field: &str) -> Vec<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(name, _)| *name == field).map(|(_, value)| value.trim()).collect()
}

async fn a_person_comes_in_once_for_both(proxy: Proxy) {
    let scene = scene(proxy);
    let mut alice = Browser::new(1);
    let wanted = format!("{}/pages/a%20b?x=1&to=//evil.example&y=%2F", scene.wiki);

    // Nobody is logged in: a page leads to the login, and a machine is told 401 where the proxy can tell them apart.
    let (page, way) = alice.open(&wanted).await;
    assert_eq!(page.status, 200, "{way:?}");
    assert!(way.last().unwrap().starts_with(&format!("{}/login?to=", scene.portal)), "{way:?}");
    if proxy != Proxy::Nginx {
        let machine = alice.client.browse(&wanted, &[("accept", "application/json")]).await;
        assert_eq!((machine.status, location(&machine)), (401, None));
    }
    let back = way.last().unwrap().split_once("to=").unwrap().1.to_owned();
    let back = percent_decoded(&back);

    // The page goes on where it was told to, after a login.
    alice.log_in(&scene).await;
    let (page, way) = alice.open(&format!("{}{back}", scene.portal)).await;
    assert_eq!((page.status, way.last().unwrap()), (200, &wanted), "{way:?}");
    let head = text(&page);
    let did = alice.client.did.as_str().to_ascii_lowercase();
    assert!(head.starts_with("get /pages/a%20b?x=1&to=//evil.example&y=%2f "), "{head}");
    assert_eq!(
        (told(&head, "remote-user"), told(&head, "remote-did")),
        (vec![did.as_str()], vec![did.as_str()]),
        "{head}"
    );

    // The other application lets in whom its policy names, from then on.
    let (refused, _) = alice.open(&format!("{}/", scene.notes)).await;
    assert_eq!(refused.status, 403);
    assert!(text(&refused).contains("may not use this application"));
    scene.home.write("notes.toml", format!("{}# changed\n", rule(alice.client.did.as_str())));
    let start = std::time::Instant::now();
    let head = loop {
        let (page, way) = alice.open(&format!("{}/", scene.notes)).await;
        if page.status == 200 {
            assert_eq!(way.last().unwrap(), &format!("{}/", scene.notes));
            break text(&page);
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "the policy is followed");
    };
    assert_eq!((told(&head, "remote-groups"), told(&head, "application")), (vec!["everyone-1,staff"], vec!["1"]));

    let log = std::fs::read_to_string(scene.home.path("service/audit.jsonl")).unwrap();
    for event in ["application_login", "application_refused"] {
        let noted = log.lines().any(|line| line.contains(event) && line.contains(alice.client.did.as_str()));
        assert!(noted, "no {event} in {log}");
    }

    // Logging out ends all.
    let url = format!("{}/v1/session", scene.portal);
    let (jar, origin) = (alice.jar(&url), scene.portal.clone());
    let ended =
        reqwest::Client::new().delete(&url).header("cookie", jar).header("origin", origin).send().await.unwrap();
    assert_eq!(ended.status(), 204);
    for site in [&scene.wiki, &scene.notes] {
        let (_, way) = alice.open(site).await;
        assert!(way.last().unwrap().contains("/login?to="), "{way:?}");
    }
}

async fn what_a_client_writes_counts_for_nothing(proxy: Proxy) {
    let scene = scene(proxy);
    let (mut alice, mut mallory) = (Browser::new(1), Browser::new(2));
    alice.log_in(&scene).await;
    let (page, _) = alice.open(&format!("{}/", scene.wiki)).await;
    assert_eq!(page.status, 200);
    let spoofed = [
        ("remote-user", "root"),
        ("remote-did", "did:web:root.example"),
        ("remote-groups", "staff"),
        ("remote-name", "root"),
        ("remote-email", "root@example.com"),
        ("remote_user", "root"),
        ("remote_groups", "staff"),
        ("Remote_User", "root"),
    ];
    let head = text(&alice.get(&format!("{}/", scene.wiki), &spoofed).await);
    let did = alice.client.did.as_str().to_ascii_lowercase();
    assert_eq!(told(&head, "remote-user"), [did.as_str()], "{head}");
    assert!(!head.contains("root") && !head.contains("staff") && !head.contains("remote_"), "{head}");
    assert!(!head.contains("{http."), "an empty field is empty: {head}");
    for field in ["remote-groups", "remote-name", "remote-email"] {
        assert!(told(&head, field).iter().all(|value| value.is_empty()), "{head}");
    }

    // Fields that a proxy drops on the way are still there for the application; others' cookies do no harm; nor does a path.
    let dropped = ("connection", "close, Remote-User, Remote-Did, Remote-Groups");
    let head = text(&alice.get(&format!("{}/", scene.wiki), &[dropped]).await);
    assert_eq!(told(&head, "remote-user"), [did.as_str()], "{head}");
    let jar = format!("lang=fran\u{e7}ais; {}", alice.jar(&scene.wiki));
    let odd = alice.client.browse(&format!("{}/q?a=x\\y", scene.wiki), &[("cookie", &jar)]).await;
    assert_eq!(odd.status, 200);
    if proxy != Proxy::Nginx {
        let tunnel =
            [("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABkAAQAAP__")];
        let answer = alice.get(&format!("{}/", scene.wiki), &tunnel).await;
        assert!(!text(&answer).contains("h2c"), "the application may take it up");
    }

    // Nobody comes in by saying where to, or who.
    let wiki = format!("{}/", scene.wiki);
    let host = scene.portal.strip_prefix("http://").unwrap().to_owned();
    for fields in [
        &spoofed[..],
        &[("x-original-url", &scene.portal[..]), ("x-forwarded-host", &host[..]), ("x-forwarded-uri", "/livez")],
        &[("x-original-url", "http://evil.example/"), ("x-forwarded-host", "evil.example")],
        &[("x-forwarded-method", "OPTIONS"), ("x-original-method", "OPTIONS")],
    ] {
        let answer = mallory.get(&wiki, fields).await;
        assert_ne!(answer.status, 200, "{fields:?}");
        let elsewhere = location(&answer).is_some_and(|to| !to.starts_with(&scene.wiki));
        assert!(!elsewhere, "{fields:?} leads to {:?}", location(&answer));
    }

    // Who may use one application and says its name at another one's address comes to that one at most.
    let host = scene.wiki.strip_prefix("http://").unwrap();
    for url in [format!("{}/", scene.notes), format!("{}/_didshake/../", scene.notes)] {
        let answer = mallory.client.browse(&url, &[("host", host), ("cookie", &alice.jar(&scene.wiki))]).await;
        assert!(told(&text(&answer), "application").iter().all(|number| *number == "0"), "{url}");
    }

    // A cookie carried to another host, and one that is made up.
    let taken = alice.jar(&scene.wiki);
    for (url, jar) in
        [(&scene.notes, &taken), (&scene.wiki, &alice.jar(&scene.portal)), (&scene.wiki, &taken.to_ascii_uppercase())]
    {
        let answer = mallory.client.browse(&format!("{url}/"), &[("cookie", jar)]).await;
        assert_ne!(answer.status, 200, "{url}");
    }
    let at_portal = mallory.client.browse(&format!("{}/v1/session", scene.portal), &[("cookie", &taken)]).await;
    assert_eq!(at_portal.status, 401);
}

async fn a_code_is_good_once_and_for_one_browser(proxy: Proxy) {
    let scene = scene(proxy);
    let (mut alice, mut mallory) = (Browser::new(1), Browser::new(2));
    mallory.log_in(&scene).await;
    alice.log_in(&scene).await;
    let code = async |browser: &mut Browser, site: &str| {
        let begun = browser.get(&format!("{site}/_didshake/start?to=/x"), &[]).await;
        let sent = browser.get(&location(&begun).unwrap(), &[]).await;
        location(&sent).unwrap()
    };
    // Mallory's code in Alice's browser would have her work in his name.
    let his = code(&mut mallory, &scene.wiki).await;
    assert!(his.starts_with(&format!("{}/_didshake/callback?code=", scene.wiki)), "{his}");
    assert_eq!(alice.get(&his, &[]).await.status, 403, "without the state");
    let _ = alice.get(&format!("{}/_didshake/start?to=/", scene.wiki), &[]).await;
    let other = alice.get(&his, &[]).await;
    assert_eq!(location(&other).as_deref(), Some("/_didshake/start?to=/x"), "with another state it begins anew");
    assert!(!alice.jar(&his).contains("__Host-didshake="), "she is not logged in as he");
    let state = mallory.jar(&his);
    assert_eq!(location(&mallory.get(&his, &[]).await).as_deref(), Some("/x"));
    let again = Browser::new(3).client.browse(&his, &[("cookie", &state)]).await;
    assert_eq!(again.headers.get_all("set-cookie").iter().count(), 0, "it is used up");

    let hers = code(&mut alice, &scene.wiki).await;
    let elsewhere = hers.replace(&scene.wiki, &scene.notes);
    let done = alice.get(&hers, &[]).await;
    assert_eq!((done.status, location(&done).as_deref()), (303, Some("/x")));
    let back = alice.get(&hers, &[]).await;
    assert_eq!(
        (location(&back).as_deref(), back.headers.get("set-cookie")),
        (Some("/x"), None),
        "who goes back goes on"
    );
    let callback = |site: &str, query: &str| format!("{site}/_didshake/callback{query}");
    for url in [elsewhere, callback(&scene.notes, ""), callback(&scene.notes, "?code=x")] {
        assert_eq!(alice.get(&url, &[]).await.status, 403, "{url}");
    }
    let hers = code(&mut alice, &scene.wiki).await;
    let carried = hers.replace(&scene.wiki, &scene.notes);
    assert_eq!(alice.get(&carried, &[]).await.status, 403, "for another application");

    // Nobody is sent where no application is.
    let state = "A".repeat(43);
    for app in ["http://evil.example", "", &format!("{}.evil.example", scene.wiki), &scene.portal] {
        let answer = alice.get(&format!("{}/authz/start?state={state}&app={app}&to=/", scene.portal), &[]).await;
        assert_eq!((answer.status, location(&answer)), (400, None), "{app}");
    }
    for to in ["//evil.example", "https://evil.example/", "/%5Cevil", "/\\evil.example", "evil"] {
        let begun = alice.client.browse(&format!("{}/_didshake/start?to={to}", scene.wiki), &[]).await;
        let to = location(&begun).unwrap().split_once("&to=").unwrap().1.to_owned();
        assert!(to == "/" || to == "/%5Cevil", "{to}");
    }
    // What is the portal's is not the applications', and the other way round.
    for url in
        [format!("{}/_didshake/start?to=/", scene.portal), format!("{}/_didshake/callback?code={state}", scene.portal)]
    {
        assert_eq!(alice.get(&url, &[]).await.status, 404, "{url}");
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = (byte == b'%').then(|| [rest.next().unwrap(), rest.next().unwrap()]);
        bytes
            .push(digits.map_or(byte, |digits| u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()));
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_in_through_nginx() {
    a_person_comes_in_once_for_both(Proxy::Nginx).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_in_through_caddy() {
    a_person_comes_in_once_for_both(Proxy::Caddy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_writes_counts_for_nothing_behind_nginx() {
    what_a_client_writes_counts_for_nothing(Proxy::Nginx).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_writes_counts_for_nothing_behind_caddy() {
    what_a_client_writes_counts_for_nothing(Proxy::Caddy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_for_one_browser_behind_nginx() {
    a_code_is_good_once_and_for_one_browser(Proxy::Nginx).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_for_one_browser_behind_caddy() {
    a_code_is_good_once_and_for_one_browser(Proxy::Caddy).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "Traefik and Envoy are no packages of Debian: `cargo xtask proxies` brings them"]
async fn all_of_it_holds_behind_traefik() {
    a_person_comes_in_once_for_both(Proxy::Traefik).await;
    what_a_client_writes_counts_for_nothing(Proxy::Traefik).await;
    a_code_is_good_once_and_for_one_browser(Proxy::Traefik).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "Traefik and Envoy are no packages of Debian: `cargo xtask proxies` brings them"]
async fn all_of_it_holds_behind_envoy() {
    a_person_comes_in_once_for_both(Proxy::Envoy).await;
    what_a_client_writes_counts_for_nothing(Proxy::Envoy).await;
    a_code_is_good_once_and_for_one_browser(Proxy::Envoy).await;
}
