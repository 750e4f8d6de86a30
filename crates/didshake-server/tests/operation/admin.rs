//! What admins may do, and nobody else.

use serde_json::json;

use crate::accounts::cookie;
use crate::http::{ask, send};
use crate::people::{MEMBERS, account, claim, did, id_of, invite, join, owned};
use crate::service::identity;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_admin_administers_and_no_page_of_another_origin() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let (secret, _) = invite(&owner, &json!({"name": "bob", "groups": ["administrators"]})).await;
    let bob = join(&service, &secret, 2).await;
    let his = id_of(&account(&bob).await);
    let routes = [
        ("GET", "/v1/admin/accounts".to_owned()),
        ("GET", format!("/v1/admin/accounts/{his}")),
        ("PATCH", format!("/v1/admin/accounts/{his}")),
        ("DELETE", format!("/v1/admin/accounts/{his}")),
        ("POST", "/v1/admin/invites".to_owned()),
        ("GET", "/v1/admin/invites".to_owned()),
        ("DELETE", format!("/v1/admin/invites/{his}")),
        ("GET", "/v1/admin/sessions".to_owned()),
        ("DELETE", "/v1/admin/sessions/nd_lhemp6Mj37MwR6zW65w".to_owned()),
        ("GET", "/v1/admin/revocations".to_owned()),
        ("POST", "/v1/admin/revocations".to_owned()),
        ("DELETE", format!("/v1/admin/revocations/{}", did(2))),
    ];
    let (theirs, jar) = (cookie(&service, &bob).await, cookie(&service, &owner).await);
    let own = format!("origin: http://{}\r\n", service.address);
    for (method, path) in &routes {
        assert_eq!(bob.send(method, path, &json!({"groups": ["admin"]})).await.0, 403, "{method} {path}");
        assert_eq!(ask(service.address, &format!("{method} {path}"), "").await.status, 401, "{method} {path}");
        for (cookie, fields) in [
            (&theirs, own.as_str()),
            (&jar, "origin: https://evil.example\r\n"),
            (&jar, "sec-fetch-site: cross-site\r\n"),
            (&jar, "origin: null\r\n"),
        ] {
            let fields = format!("cookie: {cookie}\r\n{fields}");
            let answer =
                send(service.address, &format!("{method} {path}"), &fields, r#"{"did":"did:web:a.example"}"#).await;
            assert_eq!(answer.status, 403, "{method} {path} {fields}");
        }
        if *method != "GET" {
            let fields = format!("cookie: {jar}\r\n");
            assert_eq!(send(service.address, &format!("{method} {path}"), &fields, "{}").await.status, 403, "{path}");
        }
    }
    let with_cookie = format!("cookie: {jar}\r\n{own}");
    let made = send(service.address, "POST /v1/admin/invites", &with_cookie, r#"{"name":"eve"}"#).await;
    assert_eq!(made.status, 201, "an admin's own page may");
    assert_eq!(bob.get("/v1/account").await.1["account"]["groups"], json!(["administrators"]));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_account_is_out_at_once_and_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let (secret, _) = invite(&owner, &json!({"name": "bob"})).await;
    let bob = join(&service, &secret, 2).await;
    let (path, jar) = (format!("/v1/admin/accounts/{}", id_of(&account(&bob).await)), cookie(&service, &bob).await);
    let jar = format!("cookie: {jar}\r\n");
    assert_eq!(ask(service.address, "GET /v1/session", &jar).await.status, 200);
    let (status, shown) =
        owner.send("PATCH", &path, &json!({"disabled": true, "name": "Bob", "email": "b@example.com"})).await;
    assert_eq!((status, &shown["disabled"], &shown["name"]), (200, &json!(true), &json!("Bob")));
    let listed = owner.get(&format!("/v1/admin/sessions?did={}", did(2))).await.1;
    assert_eq!(listed["sessions"], json!([]), "ended with the change, not with the next request");
    assert_eq!(bob.get("/v1/session").await.0, 401);
    assert_eq!(ask(service.address, "GET /v1/session", &jar).await.status, 401);
    assert!(service.login(&identity(2)).await.is_err());
    let (status, shown) = owner.send("PATCH", &path, &json!({"disabled": false, "email": null})).await;
    assert_eq!((status, &shown["email"], &shown["name"]), (200, &json!(null), &json!("Bob")));
    service.login(&identity(2)).await.unwrap();
    assert_eq!(owner.send("PATCH", &format!("/v1/admin/accounts/{}", "0".repeat(32)), &json!({})).await.0, 404);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_can_always_administer() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let path = format!("/v1/admin/accounts/{}", id_of(&account(&owner).await));
    for change in [json!({"disabled": true}), json!({"groups": []}), json!({"groups": ["admin"], "disabled": true})] {
        assert_eq!(owner.send("PATCH", &path, &change).await.0, 409, "{change}");
    }
    assert_eq!(owner.delete(&path).await, 409);
    assert_eq!(account(&owner).await["groups"], json!(["admin"]), "nothing was changed");
    let (secret, _) = invite(&owner, &json!({"name": "second", "groups": ["admin"]})).await;
    let second = join(&service, &secret, 2).await;
    assert_eq!(second.send("PATCH", &path, &json!({"groups": []})).await.0, 200);
    assert_eq!(owner.get("/v1/admin/accounts").await.0, 403, "asked each time");
    assert_eq!(second.delete(&path).await, 204);
    assert_eq!(owner.get("/v1/session").await.0, 401);
    assert_eq!(second.get("/v1/admin/revocations").await.1["revocations"][0]["did"], did(1));
    assert!(service.login(&identity(1)).await.is_err());
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_did_is_refused_under_every_policy_until_it_is_restored() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), "[[rule]]\nallow = { method = \"key\" }\n").await;
    let bob = service.login(&identity(2)).await.unwrap();
    let (secret, _) = invite(&owner, &json!({"name": "bob"})).await;
    assert_eq!(claim(&service, &secret, &did(2)).await.status, 200);
    let revocation = json!({"did": did(2), "reason": "lost phone"});
    assert_eq!(owner.send("POST", "/v1/admin/revocations", &revocation).await.0, 204);
    assert_eq!(bob.get("/v1/session").await.0, 401);
    assert!(service.login(&identity(2)).await.is_err(), "nor with an invite that was claimed");
    let listed = owner.get("/v1/admin/revocations").await.1;
    assert_eq!(
        (&listed["revocations"][0]["did"], &listed["revocations"][0]["reason"]),
        (&json!(did(2)), &json!("lost phone"))
    );
    let path = format!("/v1/admin/revocations/{}", did(2));
    assert_eq!((owner.delete(&path).await, owner.delete(&path).await), (204, 404));
    service.login(&identity(2)).await.unwrap();
    let other = json!({"did": "did:web:a.example%3A8443"});
    assert_eq!(owner.send("POST", "/v1/admin/revocations", &other).await.0, 204);
    assert_eq!(
        owner.delete("/v1/admin/revocations/did:web:a.example%3A8443").await,
        404,
        "encoded once more in a path"
    );
    assert_eq!(owner.delete("/v1/admin/revocations/did%3Aweb%3Aa.example%253A8443").await, 204);

    // Sessions of whomever.
    let sessions = owner.get("/v1/admin/sessions").await.1["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let of_bob = sessions.iter().find(|session| session["did"] == did(2)).unwrap();
    let path = format!("/v1/admin/sessions/{}", of_bob["session_id"].as_str().unwrap());
    assert_eq!((owner.delete(&path).await, owner.delete(&path).await), (204, 404));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_helps_somebody_who_has_lost_every_key() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let (secret, _) = invite(&owner, &json!({"name": "zoe"})).await;
    let hers = account(&join(&service, &secret, 2).await).await;
    let (secret, _) = invite(&owner, &json!({"name": "new phone", "account_id": id_of(&hers), "hours": 1})).await;
    let phone = join(&service, &secret, 3).await;
    assert_eq!(account(&phone).await["subject"], did(2));
    assert_eq!(owner.send("POST", "/v1/admin/revocations", &json!({"did": did(2)})).await.0, 204);
    assert_eq!(phone.delete(&format!("/v1/account/keys/{}", did(3))).await, 409, "the other one lets nobody in");
    let shown = owner.get(&format!("/v1/admin/accounts/{}", id_of(&hers))).await.1;
    assert_eq!(shown["keys"].as_array().unwrap().len(), 2);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_store_nobody_comes_in_and_nothing_ends() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let jar = format!("cookie: {}\r\n", cookie(&service, &owner).await);
    let database = directory.path().join("data").join("didshake.sqlite3");
    execute(&database, "ALTER TABLE revocations RENAME TO elsewhere").await;
    assert_eq!(owner.get("/v1/session").await.0, 503);
    assert_eq!(ask(service.address, "GET /v1/session", &jar).await.status, 503);
    assert_eq!(ask(service.address, "GET /v1/admin/accounts", &jar).await.status, 503);
    assert!(service.login(&identity(1)).await.is_err());
    execute(&database, "ALTER TABLE elsewhere RENAME TO revocations").await;
    assert_eq!(owner.get("/v1/session").await.0, 200, "the session is as it was");
    assert_eq!(ask(service.address, "GET /v1/session", &jar).await.status, 200);
    service.end().await;
}

/// A hand in the database of a running service.
pub(crate) async fn execute(path: &std::path::Path, statement: &'static str) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
