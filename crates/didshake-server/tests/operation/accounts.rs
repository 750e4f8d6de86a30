//! Accounts and their keys: who gets one, and what becomes of those who lose it.

use didshake_server::{Settings, backup, restore};
use serde_json::{Value, json};

use crate::http::{Answer, ask, ask_at, send};
use crate::people::{MEMBERS, account, claim, did, id_of, invite, join, look, owned, secret_of, with_policy};
use crate::service::{Client, Service, identity, settings};

const WIKI: &str = "http://127.0.0.2:9999";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_becomes_an_account_once_its_did_is_proved_and_accepts() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let mine = account(&owner).await;
    assert_eq!(
        (&mine["name"], &mine["groups"], &mine["subject"]),
        (&json!("owner"), &json!(["admin"]), &json!(did(1)))
    );
    assert_eq!(mine["keys"][0]["current"], true);

    let new = json!({"name": "Zoë", "email": "zoe@example.com", "groups": ["staff"]});
    let (secret, _) = invite(&owner, &new).await;
    let offer = look(&service, &secret).await;
    assert_eq!(offer.status, 200);
    let (kind, label) = (&offer.json()["kind"], &offer.json()["label"]);
    assert_eq!((kind, &offer.json()["name"], label), (&json!("account"), &json!("Zoë"), &Value::Null));
    assert!(service.login(&identity(2)).await.is_err(), "nobody has claimed it");
    let zoe = join(&service, &secret, 2).await;
    let hers = account(&zoe).await;
    assert_eq!((&hers["name"], &hers["email"], &hers["groups"]), (&new["name"], &new["email"], &new["groups"]));

    assert_eq!(look(&service, &secret).await.status, 410, "used up");
    assert_eq!(claim(&service, &secret, &did(3)).await.status, 410);
    assert!(service.login(&identity(3)).await.is_err());
    service.login(&identity(2)).await.unwrap();
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_counts_for_the_last_did_and_writes_nothing_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let (secret, _) = invite(&owner, &json!({"name": "bob"})).await;
    // Whoever has no key of a DID gains nothing by claiming for it.
    assert_eq!(claim(&service, &secret, &did(8)).await.status, 200);
    let (_, listed) = owner.get("/v1/admin/accounts").await;
    assert_eq!(listed["accounts"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(owner.get("/v1/admin/invites").await.1["invites"][0]["claimed_by"], did(8));
    let _ = join(&service, &secret, 9).await;
    assert!(service.login(&identity(8)).await.is_err(), "the claim was replaced");

    for (secret, status) in [("A".repeat(43), 404), ("x".into(), 404), (secret.clone(), 410)] {
        assert_eq!(claim(&service, &secret, &did(7)).await.status, status, "{secret}");
        assert_eq!(look(&service, &secret).await.status, status, "{secret}");
    }
    let (other, id) = invite(&owner, &json!({"name": "eve"})).await;
    assert_eq!(claim(&service, &other, &did(9)).await.status, 409, "it has an account");
    assert_eq!(owner.delete(&format!("/v1/admin/invites/{id}")).await, 204);
    assert_eq!(look(&service, &other).await.status, 404, "taken back");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_have_limits_and_no_other_members() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let secret = "A".repeat(43);
    for (body, status) in [
        (format!(r#"{{"secret":"{secret}","x":1}}"#), 400),
        (r#"{"secret":1}"#.into(), 400),
        ("{".into(), 400),
        (String::new(), 400),
        (format!(r#"{{"secret":"{}"}}"#, "A".repeat(4096)), 413),
        (format!(r#"{{"secret":"{secret}"}}"#), 404),
    ] {
        let answer = send(service.address, "POST /v1/invites/look", "", &body).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some("application/problem+json")),
            "{body}"
        );
    }
    for new in [
        json!({"name": ""}),
        json!({"name": "a\nb"}),
        json!({"name": "a", "groups": ["a,b"]}),
        json!({"name": "a", "email": "nobody"}),
        json!({"name": "a", "hours": 0}),
        json!({"name": "a", "hours": 721}),
        json!({"name": "a", "admin": true}),
        json!({"name": "a", "account_id": "00", "groups": []}),
    ] {
        assert_eq!(owner.send("POST", "/v1/admin/invites", &new).await.0, 400, "{new}");
    }
    service.end().await;
}

/// The invite to a further key of one's own account.
pub(crate) async fn own_key(client: &Client, label: &str) -> String {
    let (status, made) = client.send("POST", "/v1/account/invites", &json!({"label": label})).await;
    assert_eq!(status, 201, "{made}");
    made["secret"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_several_keys_and_a_removed_one_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let (secret, _) = invite(&owner, &json!({"name": "zoe"})).await;
    let laptop = join(&service, &secret, 2).await;
    let secret = own_key(&laptop, "phone").await;
    let offer = look(&service, &secret).await.json();
    assert_eq!((&offer["kind"], &offer["name"], &offer["label"]), (&json!("key"), &json!("zoe"), &json!("phone")));
    let phone = join(&service, &secret, 3).await;
    let hers = account(&phone).await;
    assert_eq!((&hers["subject"], hers["keys"].as_array().unwrap().len()), (&json!(did(2)), 2));
    assert_eq!((&hers["keys"][1]["label"], &hers["keys"][1]["current"]), (&json!("phone"), &json!(true)));

    // A cookie adds and removes none.
    let cookie = cookie(&service, &phone).await;
    let fields = format!("cookie: {cookie}\r\norigin: http://{}\r\n", service.address);
    let path = format!("/v1/account/keys/{}", did(2));
    assert_eq!(send(service.address, "POST /v1/account/invites", &fields, r#"{"label":"x"}"#).await.status, 401);
    assert_eq!(ask(service.address, &format!("DELETE {path}"), &fields).await.status, 401);
    assert_eq!(phone.delete(&format!("/v1/account/keys/{}", did(1))).await, 404, "another's");

    // The first one was stolen: the thief's session ends, and the DID is no way in.
    assert_eq!(phone.delete(&path).await, 204);
    assert_eq!(laptop.get("/v1/session").await.0, 401);
    assert!(service.login(&identity(2)).await.is_err());
    assert_eq!(account(&phone).await["subject"], did(2), "applications know her as before");
    assert_eq!(phone.delete(&format!("/v1/account/keys/{}", did(3))).await, 409, "the last one");
    let (secret, _) = invite(&owner, &json!({"name": "again"})).await;
    assert_eq!(claim(&service, &secret, &did(2)).await.status, 409, "revoked");

    // An admin lifts it: the DID is still nobody else's, and can come back to its account.
    assert_eq!(owner.delete(&format!("/v1/admin/revocations/{}", did(2))).await, 204);
    assert!(service.login(&identity(2)).await.is_err());
    assert_eq!(claim(&service, &secret, &did(2)).await.status, 409);
    let _ = join(&service, &own_key(&phone, "laptop").await, 2).await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_account_gets_one_with_the_second_key() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&settings(directory.path())).await;
    let alice = service.login(&identity(4)).await.unwrap();
    assert_eq!(account(&alice).await, Value::Null);
    let secret = own_key(&alice, "phone").await;
    assert_eq!((&account(&alice).await["name"], &account(&alice).await["subject"]), (&json!(""), &json!(did(4))));
    for _ in 0..4 {
        let _ = own_key(&alice, "more").await;
    }
    assert_eq!(alice.send("POST", "/v1/account/invites", &json!({"label": "x"})).await.0, 409, "five at a time");
    let phone = join(&service, &secret, 5).await;
    assert_eq!(account(&phone).await["subject"], did(4));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_backup_has_accounts_and_revocations_but_no_invite() {
    let directory = tempfile::tempdir().unwrap();
    let (data, out) = (directory.path().join("data"), directory.path().join("backup"));
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let (secret, _) = invite(&owner, &json!({"name": "zoe"})).await;
    assert_eq!(claim(&service, &secret, &did(2)).await.status, 200);
    assert_eq!(owner.send("POST", "/v1/admin/revocations", &json!({"did": did(6)})).await.0, 204);
    backup(&data, &out).await.unwrap();
    let text = std::fs::read(&out).unwrap();
    assert!(!text.windows(43).any(|window| window == secret.as_bytes()), "only its hash is kept");
    service.end().await;
    restore(&data, &out, true).await.unwrap();
    let service = Service::start(&with_policy(directory.path(), MEMBERS)).await;
    assert_eq!(service.owner_invite, None, "there is an admin");
    assert_eq!(look(&service, &secret).await.status, 404);
    assert!(service.login(&identity(2)).await.is_err());
    let owner = service.login(&identity(1)).await.unwrap();
    assert_eq!(owner.get("/v1/admin/revocations").await.1["revocations"][0]["did"], did(6));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_is_invited_until_there_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let settings = with_policy(directory.path(), MEMBERS);
    let service = Service::start(&settings).await;
    let first = secret_of(service.owner_invite.as_deref().unwrap());
    service.end().await;
    let service = Service::start(&settings).await;
    let second = secret_of(service.owner_invite.as_deref().unwrap());
    assert_eq!(look(&service, &first).await.status, 404, "the one before is dropped");
    let _ = join(&service, &second, 1).await;
    service.end().await;
    let service = Service::start(&settings).await;
    assert_eq!(service.owner_invite, None);
    service.end().await;
}

/// `name=value` of a cookie for a session.
pub(crate) async fn cookie(service: &Service, client: &Client) -> String {
    let origin = format!("http://{}", service.address);
    let (status, set) = client.cookie(&[("origin", origin.as_bytes())]).await;
    assert_eq!(status, 204);
    set.unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_sees_the_account_and_its_groups() {
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("wiki.toml");
    std::fs::write(&policy, "[groups]\nstaff = []\n[[rule]]\nallow = { group = \"staff\" }\n").unwrap();
    let application = vec![format!("{WIKI}={}", policy.display())];
    let settings = Settings { application: Some(application), ..with_policy(directory.path(), MEMBERS) };
    let service = Service::start(&settings).await;
    let owner = join(&service, &secret_of(service.owner_invite.as_deref().unwrap()), 1).await;
    let new = json!({"name": "Zoë 100%", "email": "zoe@example.com", "groups": ["wiki", "staff"]});
    let (secret, _) = invite(&owner, &new).await;
    let laptop = join(&service, &secret, 2).await;
    let phone = join(&service, &own_key(&laptop, "phone").await, 3).await;

    let jar = application_cookie(&service, &phone).await.unwrap();
    let asks = format!("cookie: {jar}\r\nx-original-url: {WIKI}/\r\n");
    let passed = ask(service.address, "GET /authz/auth-request", &asks).await;
    assert_eq!(passed.status, 200);
    for (field, value) in [
        ("remote-user", did(2).as_str()),
        ("remote-did", did(3).as_str()),
        ("remote-groups", "staff,wiki"),
        ("remote-name", "Zo%C3%AB 100%25"),
        ("remote-email", "zoe@example.com"),
    ] {
        assert_eq!(passed.header(field), Some(value), "{field}");
    }
    assert_eq!(application_cookie(&service, &owner).await, Err(403), "not of the group");

    // From the moment that an admin says so.
    let path = format!("/v1/admin/accounts/{}", id_of(&account(&phone).await));
    assert_eq!(owner.send("PATCH", &path, &json!({"groups": ["wiki"]})).await.0, 200);
    assert_eq!(ask(service.address, "GET /authz/auth-request", &asks).await.status, 403);
    assert_eq!(owner.send("PATCH", &path, &json!({"disabled": true})).await.0, 200);
    assert_eq!(ask(service.address, "GET /authz/auth-request", &asks).await.status, 401, "its session has ended");
    service.end().await;
}

/// Takes a login to the application, as a browser does: its cookie there, or the status that it ends with.
async fn application_cookie(service: &Service, client: &Client) -> Result<String, u16> {
    let host = WIKI.strip_prefix("http://").unwrap();
    let pair = |answer: &Answer| answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let begun = ask_at(service.address, host, "GET /_didshake/start?to=/", "").await;
    let (state, portal) = (pair(&begun), format!("http://{}", service.address));
    let path = begun.header("location").unwrap().strip_prefix(&portal).unwrap().to_owned();
    let jar = format!("cookie: {}\r\n", cookie(service, client).await);
    let sent = ask(service.address, &format!("GET {path}"), &jar).await;
    let Some(back) = sent.header("location").and_then(|to| to.strip_prefix(WIKI)) else { return Err(sent.status) };
    let done = ask_at(service.address, host, &format!("GET {back}"), &format!("cookie: {state}\r\n")).await;
    Ok(pair(&done))
}
