//! Who was allowed to do something when they asked, and is no more when it is done.

use super::*;

#[tokio::test]
async fn who_is_no_admin_any_more_administers_nothing() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), MEMBERS).await;
        let accounts = &scene.accounts;
        let mallory = scene.joins(&scene.invite(&[ADMIN]).await, "did:web:mallory.example").await;
        let by = did("did:web:mallory.example");
        let demoted = Change { groups: Some(Vec::new()), ..Change::default() };
        accounts.change(mallory.id, &demoted, &did(ALICE), NOW).await.unwrap();
        // What was asked before, and comes to its turn now.
        let again = Change { groups: Some(vec![ADMIN.into()]), ..Change::default() };
        assert!(matches!(accounts.change(mallory.id, &again, &by, NOW).await, Err(Undone::NoAdmin)));
        let purpose = Purpose::Account { name: "x".into(), email: None, groups: vec![ADMIN.into()] };
        assert!(matches!(accounts.invite(&purpose, &by, 60, NOW).await, Err(Undone::NoAdmin)));
        assert!(matches!(accounts.revoke(&did(ALICE), "", &by, NOW).await, Err(Undone::NoAdmin)));
        assert!(matches!(accounts.restore(&did(ALICE), &by, NOW).await, Err(Undone::NoAdmin)));
        assert!(matches!(accounts.remove(mallory.id, &by, NOW).await, Err(Undone::NoAdmin)));
        let invite = accounts.invite(&purpose, &did(ALICE), 60, NOW).await.unwrap().id;
        assert!(matches!(accounts.cancel(invite, &by, NOW).await, Err(Undone::NoAdmin)));
        // The only one that is left cannot shut itself out.
        assert!(matches!(accounts.revoke(&did(ALICE), "", &did(ALICE), NOW).await, Err(Undone::Conflict)));
        assert!(accounts.cancel(invite, &did(ALICE), NOW).await.unwrap());
    }
}

// Whoever has an invite could let one DID after the other into the applications behind the service, and stay unknown.
#[tokio::test]
async fn who_has_claimed_an_invite_belongs_nowhere_until_it_is_accepted() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), MEMBERS).await;
        let secret = scene.invite(&["staff"]).await;
        scene.accounts.claim(&secret, &did(BOB), NOW).await.unwrap();
        let standing = scene.accounts.standing(&did(BOB), NOW).await.unwrap();
        assert!(standing.lets_in(&did(BOB), &scene.policy) && !standing.belongs(&did(BOB), &scene.policy));
        let _ = scene.accepts(&secret, BOB, NOW).await.unwrap();
        let standing = scene.accounts.standing(&did(BOB), NOW).await.unwrap();
        assert!(standing.belongs(&did(BOB), &scene.policy));
        let open = Policy::parse("[[rule]]\nallow = { method = \"web\" }").unwrap();
        let stranger = scene.accounts.standing(&did("did:web:c.example"), NOW).await.unwrap();
        assert!(stranger.belongs(&did("did:web:c.example"), &open));
    }
}

// Instances that start one after the other print a link each; where there is one, its next start makes a new one.
#[tokio::test]
async fn the_owners_links_are_over_with_the_first_that_is_used() {
    for place in both() {
        let database = place.open().await.database;
        let accounts = Accounts::new(database.clone(), AccountBounds::default());
        let made = [accounts.invite_owner(NOW).await.unwrap(), accounts.invite_owner(NOW).await.unwrap()];
        let [first, second] = made.map(|made| made.unwrap().secret.hash());
        assert_eq!(accounts.look(&first, NOW).await.is_ok(), database.is_shared());
        let policy = Policy::parse(MEMBERS).unwrap();
        accounts.claim(&second, &did(BOB), NOW).await.unwrap();
        accounts.accept(&second, &did(BOB), &policy, NOW).await.unwrap();
        assert!(matches!(accounts.look(&first, NOW).await, Err(Undone::Unknown)));
        assert!(accounts.invite_owner(NOW).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_revoked_key_invites_no_other() {
    for place in both() {
        let scene = scene(&place, AccountBounds::default(), MEMBERS).await;
        let phone = "did:web:phone.example";
        let _ = scene.joins(&scene.invite(&[]).await, BOB).await;
        let _ = scene.joins(&scene.key_invite(BOB).await, phone).await;
        scene.accounts.revoke(&did(phone), "stolen", &did(ALICE), NOW).await.unwrap();
        let made = scene.accounts.invite_own_key(&did(phone), "x".into(), &scene.policy, NOW).await;
        assert!(matches!(made, Err(Undone::Conflict)));
    }
}
