//! `cargo run --release -p axum-app [NAME [ADDRESS]]`: serves as the identity NAME of this user (`didshake id new NAME` makes
//! one), or else with a new key, which ends with the process; at 127.0.0.1:8401 unless told otherwise.

use std::error::Error;
use std::net::SocketAddr;

use didshake::{Algorithm, Origin, Secret, SigningKey};
use didshake_did::{IdentityName, IdentityStore, LocalSigner, SigningIdentity};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let mut arguments = std::env::args().skip(1);
    let identity = match arguments.next() {
        Some(name) => IdentityStore::of_user()?.load(&IdentityName::parse(&name)?, None)?,
        None => new_identity()?,
    };
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8401".to_owned());

    let listener = TcpListener::bind(address).await?;
    // Behind a proxy this would be the URL that clients see, from a configuration.
    let origin = Origin::parse(&format!("http://{}", listener.local_addr()?))?;
    println!("{} at {origin}/didshake", identity.did());
    println!("Now `didshake login {origin} --as alice`, then `didshake request GET {origin}/me`");
    let app = axum_app::app(identity, origin)?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

/// Good for trying it out: clients remember a service by its DID.
fn new_identity() -> Result<SigningIdentity, Box<dyn Error>> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)?;
    let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new(secret))?;
    Ok(SigningIdentity::of_did_key(LocalSigner::new(key))?)
}
