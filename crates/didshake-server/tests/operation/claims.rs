//! Claims: whoever has an invite's secret makes one for any DID, and it makes nobody's key of that DID.

use serde_json::{Value, json};

use crate::accounts::{cookie, own_key};
use crate::admin::execute;
use crate::http::{ask, send};
use crate::people::{MEMBERS, accept, account, claim, did, id_of, invite, join, look, owned};
use crate::service::identity;

const OPEN: &str = "[[rule]]\nallow = { method = \"key\" }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attackers_claim_for_a_newcomer_changes_nothing_for_the_newcomer() {
    for policy in [MEMBERS, OPEN] {
        let directory = tempfile::tempdir().unwrap();
        let (service, owner) = owned(directory.path(), policy).await;
        let (secret, _) = invite(&owner, &json!({"name": "mallory"})).await;
        let mallory = join(&service, &secret, 2).await;
        let trap = own_key(&mallory, "trap").await;
        assert_eq!(claim(&service, &trap, &did(8)).await.status, 200);

        let victim = service.login(&identity(8)).await.unwrap();
        assert_eq!(account(&victim).await, Value::Null, "{policy}");
        let (secret, _) = invite(&owner, &json!({"name": "victim", "groups": ["staff"]})).await;
        if policy == OPEN {
            let _ = own_key(&victim, "phone").await;
        } else {
            let _ = join(&service, &secret, 8).await;
        }
        let theirs = account(&victim).await;
        assert_eq!((&theirs["subject"], theirs["keys"].as_array().unwrap().len()), (&json!(did(8)), 1));
        assert_eq!(accept(&victim, &trap).await.0, 409);
        let his = account(&mallory).await;
        assert_eq!((&his["subject"], his["keys"].as_array().unwrap().len()), (&json!(did(2)), 1));
        assert_ne!(id_of(&his), id_of(&theirs));
        service.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_without_accepting_is_a_session_and_no_account() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), MEMBERS).await;
    let (secret, _) = invite(&owner, &json!({"name": "second", "groups": ["admin"]})).await;
    assert_eq!(claim(&service, &secret, &did(2)).await.status, 200);
    let guest = service.login(&identity(2)).await.unwrap();
    assert_eq!(guest.get("/v1/account").await, (200, json!({"did": did(2), "account": null})));
    assert_eq!(guest.get("/v1/admin/accounts").await.0, 403);
    // One invite would make many accounts.
    assert_eq!(guest.send("POST", "/v1/account/invites", &json!({"label": "x"})).await.0, 409);
    let jar = format!("cookie: {}\r\norigin: http://{}\r\n", cookie(&service, &guest).await, service.address);
    let body = json!({"secret": secret}).to_string();
    assert_eq!(ask(service.address, "GET /v1/session", &jar).await.status, 200);
    assert_eq!(send(service.address, "POST /v1/invites/accept", &jar, &body).await.status, 401, "no signature");
    assert_eq!(send(service.address, "POST /v1/invites/accept", "", &body).await.status, 401);

    let database = directory.path().join("data").join("didshake.sqlite3");
    execute(&database, "UPDATE invites SET claim_ends = claim_ends - 600").await;
    assert_eq!(ask(service.address, "GET /v1/session", &jar).await.status, 401, "the claim is over");
    assert_eq!(accept(&guest, &secret).await.0, 401);
    assert!(service.login(&identity(2)).await.is_err());
    assert_eq!(look(&service, &secret).await.status, 200, "it is not used up");
    let second = join(&service, &secret, 3).await;
    assert_eq!(second.get("/v1/admin/accounts").await.1["accounts"].as_array().unwrap().len(), 2);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_whom_a_live_claim_names_accepts_and_only_once() {
    let directory = tempfile::tempdir().unwrap();
    let (service, owner) = owned(directory.path(), OPEN).await;
    let (secret, _) = invite(&owner, &json!({"name": "zoe"})).await;
    let (zoe, eve) = (service.login(&identity(2)).await.unwrap(), service.login(&identity(3)).await.unwrap());
    assert_eq!(accept(&zoe, &secret).await.0, 410, "nobody has claimed it");
    assert_eq!(claim(&service, &secret, &did(2)).await.status, 200);
    assert_eq!(accept(&eve, &secret).await.0, 409, "claimed for another DID");
    for (wrong, status) in [("A".repeat(43), 404), ("x".into(), 404)] {
        assert_eq!(accept(&zoe, &wrong).await.0, status);
    }
    let named = json!({"secret": secret, "did": did(2)});
    assert_eq!(zoe.send("POST", "/v1/invites/accept", &named).await.0, 400, "the session says who it is");
    let database = directory.path().join("data").join("didshake.sqlite3");
    execute(&database, "UPDATE invites SET claim_ends = claim_ends - 600").await;
    assert_eq!(accept(&zoe, &secret).await.0, 410, "the claim is over");
    assert_eq!((account(&zoe).await, account(&eve).await), (Value::Null, Value::Null));

    assert_eq!(claim(&service, &secret, &did(2)).await.status, 200);
    let other = service.login(&identity(2)).await.unwrap();
    let (one, two) = tokio::join!(accept(&zoe, &secret), accept(&other, &secret));
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410]);
    assert_eq!(account(&other).await["name"], "zoe");
    service.end().await;
}
