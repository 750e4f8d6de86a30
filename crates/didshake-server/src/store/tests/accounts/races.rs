//! Standings that are read while they change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

// A reading that fell between a claim and the account would have ended the session of a page that was just opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_accepts_an_invite_is_let_in_at_every_moment() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), MEMBERS).await;
        for round in 0..30 {
            let (who, secret) = (did(&format!("did:web:{round}.example")), scene.invite(&["staff"]).await);
            scene.accounts.claim(&secret, &who, NOW).await.unwrap();
            let done = Arc::new(AtomicBool::new(false));
            let (accounts, policy, asked, ended) =
                (scene.accounts.clone(), scene.policy.clone(), who.clone(), done.clone());
            let reading = tokio::spawn(async move {
                let (mut readings, mut kept_out) = (0, 0);
                while !ended.load(Ordering::SeqCst) || readings < 3 {
                    let standing = accounts.standing(&asked, NOW).await.unwrap();
                    kept_out += usize::from(!standing.lets_in(&asked, &policy));
                    readings += 1;
                }
                kept_out
            });
            tokio::task::yield_now().await;
            scene.accounts.accept(&secret, &who, &scene.policy, NOW).await.unwrap();
            done.store(true, Ordering::SeqCst);
            assert_eq!(reading.await.unwrap(), 0, "{who}");
        }
    }
}

#[tokio::test]
async fn a_standing_has_all_that_an_account_gives() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), MEMBERS).await;
        assert_eq!(scene.accounts.standing(&did(BOB), NOW).await.unwrap(), Standing::default());
        let account = scene.joins(&scene.invite(&["staff", "b", "a"]).await, BOB).await;
        let standing = scene.accounts.standing(&did("did:web:BOB.example"), NOW).await.unwrap();
        let member = standing.member().unwrap();
        assert_eq!((member.id, member.subject.as_str(), member.name.as_str()), (account.id, BOB, "bob"));
        assert_eq!(standing.groups().unwrap(), ["a", "b", "staff"]);
        let none = Change { groups: Some(Vec::new()), ..Change::default() };
        scene.accounts.change(account.id, &none, &did(ALICE), NOW).await.unwrap();
        let standing = scene.accounts.standing(&did(BOB), NOW).await.unwrap();
        assert_eq!(standing.groups(), Some([].as_slice()));
        scene.accounts.revoke(&did(BOB), "", &did(ALICE), NOW).await.unwrap();
        let standing = scene.accounts.standing(&did(BOB), NOW).await.unwrap();
        assert!(standing.member().is_none() && standing.account().is_some());
    }
}

// What was made at the moment of a revocation must not live again once that is lifted.
#[tokio::test]
async fn lifting_a_revocation_and_enabling_an_account_end_what_was_left() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), MEMBERS).await;
        let account = scene.joins(&scene.invite(&[]).await, BOB).await;
        let left_behind = async |id: u8| {
            let by_force = SqlSessions::new(
                scene.database.clone(),
                Bounds::with_sessions(1000),
                Entry { policy: LivePolicy::new(Policy::parse("[[rule]]\nallow = { method = \"web\" }").unwrap()) },
            );
            by_force.create(record(id, BOB, NOW)).await.unwrap();
            assert!(scene.sessions.find(&[id; 16]).await.unwrap().is_some());
        };
        left_behind(1).await;
        assert!(!scene.accounts.restore(&did(BOB), &did(ALICE), NOW).await.unwrap(), "it was not revoked");
        assert!(scene.sessions.find(&[1; 16]).await.unwrap().is_some(), "nothing is done then");
        // As if that session had been made beside the revocation.
        sqlx::query("INSERT INTO revocations (holder, did, since, reason) VALUES ($1, $1, 1, '')")
            .bind(crate::policy::holder(&did(BOB)))
            .execute(&mut *scene.database.write().await.unwrap())
            .await
            .unwrap();
        assert!(scene.accounts.restore(&did(BOB), &did(ALICE), NOW).await.unwrap());
        assert!(scene.sessions.find(&[1; 16]).await.unwrap().is_none());
        let disabled = |disabled| Change { disabled: Some(disabled), ..Change::default() };
        scene.accounts.change(account.id, &disabled(true), &did(ALICE), NOW).await.unwrap();
        let policy = scene.sessions.create(record(2, BOB, NOW)).await;
        assert!(matches!(policy, Err(StoreError::Refused)));
        scene.accounts.change(account.id, &disabled(false), &did(ALICE), NOW).await.unwrap();
        left_behind(3).await;
        scene.accounts.change(account.id, &disabled(true), &did(ALICE), NOW).await.unwrap();
        assert!(scene.sessions.find(&[3; 16]).await.unwrap().is_none());
    }
}
