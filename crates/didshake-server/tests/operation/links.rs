//! Links that log a browser in to the session of a program.

use serde_json::{Value, json};

use crate::http::{Answer, ask, send};
use crate::service::{Client, Service, identity, settings};

async fn link(client: &Client) -> Value {
    let (status, made) = client.send("POST", "/v1/session/link", &Value::Null).await;
    assert_eq!(status, 201, "{made}");
    made
}

/// As a page of the service posts it.
async fn post(service: &Service, path: &str, secret: &Value) -> Answer {
    let fields = format!("origin: http://{}\r\nsec-fetch-site: same-origin\r\n", service.address);
    send(service.address, &format!("POST {path}"), &fields, &json!({"secret": secret}).to_string()).await
}

// R-BIND-15
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_logs_one_browser_in_once() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let client = service.login(&identity(1)).await.unwrap();
    let made = link(&client).await;
    let (secret, expires) = (&made["secret"], made["expires"].as_u64().unwrap());
    assert!((25..=30).contains(&(expires - crate::service::now().0)));
    assert_eq!(made["link"], format!("http://{}/login#link={}", service.address, secret.as_str().unwrap()));

    let coming = post(&service, "/v1/link/look", secret).await;
    assert_eq!((coming.status, &coming.json()["did"]), (200, &identity(1).did().as_str().into()));
    assert_eq!((&coming.json()["client"], &coming.json()["name"]), (&"127.0.0.1".into(), &Value::Null));
    let entered = post(&service, "/v1/link/enter", secret).await;
    assert_eq!(entered.status, 204);
    let set = entered.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-didshake=") && set.contains("HttpOnly"), "{set}");
    let cookie = format!("cookie: {}\r\n", set.split(';').next().unwrap());
    let shown = ask(service.address, "GET /v1/session", &cookie).await;
    assert_eq!((shown.status, &shown.json()["did"]), (200, &identity(1).did().as_str().into()));

    for path in ["/v1/link/enter", "/v1/link/look"] {
        let again = post(&service, path, secret).await;
        assert_eq!((again.status, again.header("set-cookie")), (404, None), "{path}");
    }
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_good_for_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let client = service.login(&identity(1)).await.unwrap();
    let first = link(&client).await;
    let second = link(&client).await;
    assert_eq!(post(&service, "/v1/link/enter", &first["secret"]).await.status, 404, "the one before counts no more");

    let body = json!({"secret": second["secret"]}).to_string();
    for fields in [
        String::new(),
        "origin: null\r\n".into(),
        "origin: https://evil.example\r\n".into(),
        format!("origin: http://{}\r\nsec-fetch-site: cross-site\r\n", service.address),
    ] {
        for path in ["/v1/link/look", "/v1/link/enter"] {
            let answer = send(service.address, &format!("POST {path}"), &fields, &body).await;
            assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{path} {fields}");
        }
    }
    for (wrong, status) in [(json!("A".repeat(43)), 404), (json!("A"), 404), (json!(""), 404), (json!(1), 400)] {
        assert_eq!(post(&service, "/v1/link/enter", &wrong).await.status, status, "{wrong}");
    }
    // Neither nothing nor a cookie makes a link.
    let origin = format!("origin: http://{}\r\n", service.address);
    assert_eq!(ask(service.address, "POST /v1/session/link", &origin).await.status, 401);
    let entered = post(&service, "/v1/link/enter", &second["secret"]).await;
    let cookie = format!("{origin}cookie: {}\r\n", entered.header("set-cookie").unwrap().split(';').next().unwrap());
    assert_eq!(ask(service.address, "POST /v1/session/link", &cookie).await.status, 401);

    // With its session a link ends.
    let third = link(&client).await;
    assert_eq!(client.delete("/v1/session").await, 204);
    assert_eq!(post(&service, "/v1/link/enter", &third["secret"]).await.status, 404);
    service.end().await;
}

// Nobody could use it any more, and it would be listed for half a day.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_leaves_the_session_behind_that_it_had() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let (alice, bob) = (service.login(&identity(1)).await.unwrap(), service.login(&identity(2)).await.unwrap());
    let origin = format!("origin: http://{}\r\nsec-fetch-site: same-origin\r\n", service.address);
    let pair = |answer: &Answer| answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let of_alice = pair(&post(&service, "/v1/link/enter", &link(&alice).await["secret"]).await);

    let entering = json!({"secret": link(&bob).await["secret"]}).to_string();
    let fields = format!("{origin}cookie: {of_alice}\r\n");
    let entered = send(service.address, "POST /v1/link/enter", &fields, &entering).await;
    assert_eq!(entered.status, 204);
    let status =
        async |cookie: &str| ask(service.address, "GET /v1/session", &format!("cookie: {cookie}\r\n")).await.status;
    assert_eq!((status(&of_alice).await, status(&pair(&entered)).await), (401, 200));
    assert_eq!(alice.send("GET", "/v1/session", &Value::Null).await.0, 401, "the session itself is over");

    // The same session once more is no other one.
    let entering = json!({"secret": link(&bob).await["secret"]}).to_string();
    let fields = format!("{origin}cookie: {}\r\n", pair(&entered));
    let again = send(service.address, "POST /v1/link/enter", &fields, &entering).await;
    assert_eq!((again.status, status(&pair(&again)).await, status(&pair(&entered)).await), (204, 200, 401));
    service.end().await;
}
