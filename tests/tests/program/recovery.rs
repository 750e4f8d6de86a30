//! A key on paper.

use std::os::unix::fs::PermissionsExt;

use didshake_tests::{Home, Service};

const CODE: &str = "4v8m-4tdt-r2fj-ngrj-bhz3-gqnt-n3av-1gh7-nq14\n";

#[test]
fn who_has_lost_every_device_comes_back_with_the_code() {
    let home = Home::new();
    let owner = home.identity("owner");
    let policy = home.write("policy.toml", "[[rule]]\nallow = { account = true }\n");
    let service = Service::start(&home, &["--policy", policy.to_str().unwrap()]);
    let login = |name: &str, more: &[&str], input: &str| {
        let options = ["login", &service.origin, "--as", name, "--expect", &service.did];
        home.run_with(&[&options[..], more].concat(), input.as_bytes())
    };
    let link = service.listening["ownerInvite"]["link"].as_str().unwrap();
    let _ = login("owner", &["--invite", "-"], link).expect(0);

    // While the device is there: a code, and its key as a further one of the account.
    let made = home.run(&["--json", "id", "recovery-code"]).expect(0).json();
    let code = made["code"].as_str().unwrap();
    let paper = home.run_with(&["--json", "id", "recover", "paper", "-"], code.as_bytes()).expect(0).json();
    assert_eq!(paper["did"], made["did"]);
    let invites = service.url("/v1/account/invites");
    let invited = {
        let body = ["-H", "content-type: application/json", "-d", r#"{"label":"paper"}"#];
        home.run(&[&["request", "POST", &invites, "--as", "owner", "--fail"], &body[..]].concat()).expect(0).json()
    };
    let _ = login("paper", &["--invite", "-", "--join", &owner], invited["link"].as_str().unwrap()).expect(0);

    // Another machine, with nothing on it.
    let bare = Home::new();
    let _ = bare.run_with(&["id", "recover", "me", "-"], code.to_lowercase().as_bytes()).expect(0);
    let _ = bare.run(&["login", &service.origin, "--as", "me", "--expect", &service.did]).expect(0);
    let back = bare.run(&["request", "GET", &service.url("/v1/account"), "--as", "me", "--fail"]).expect(0).json();
    assert_eq!((&back["did"], &back["account"]["subject"]), (&made["did"], &owner.as_str().into()));
    let elsewhere = bare.run(&["--json", "id", "show", "me"]).expect(0).json();
    let mode = std::fs::metadata(elsewhere["path"].as_str().unwrap()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let lost = service.url(&format!("/v1/account/keys/{owner}"));
    let _ = bare.run(&["request", "DELETE", &lost, "--as", "me", "--fail"]).expect(0);
    let _ = login("owner", &[], "").expect(3);
}

#[test]
fn what_is_no_code_makes_nothing() {
    let home = Home::new();
    let run = |input: &str| home.run_with(&["--json", "id", "recover", "paper", "-"], input.as_bytes());
    for (input, code) in [
        ("", "code_form"),
        ("4v8m", "code_form"),
        (&CODE.replace("nq14", "nq15"), "code_check"),
        (&"x".repeat(5_000), "code_form"),
    ] {
        assert_eq!(run(input).expect(2).json()["error"]["code"], code, "{input}");
    }
    assert_eq!(home.run(&["--json", "id", "list"]).expect(0).json().as_array().unwrap().len(), 0);
    let nobody = home.run(&["--json", "id", "recover", "paper"]).expect(2).json();
    assert_eq!(nobody["error"]["code"], "code_needed");
    let made = run(CODE).expect(0).json();
    assert_eq!(made["did"], "did:key:z6MkrNUR3GdNqsS36vkQN9zRQY8HfR5Q7hFLwtS5opuKpoYx");
    let _ = run(CODE).expect(7);
    let shown = home.run(&["id", "recovery-code"]).expect(0);
    assert_eq!(shown.text().trim().len(), 44);
    assert!(!shown.stderr.contains(shown.text().trim()), "the code is the result alone");
}
