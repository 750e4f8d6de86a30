//! `cargo run -p axum-app -- NAME [ADDRESS]`: serves as the identity NAME of this user (`didshake id new NAME` makes one).

use std::error::Error;
use std::net::SocketAddr;

use didshake::Origin;
use didshake_did::{IdentityName, IdentityStore};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let mut arguments = std::env::args().skip(1);
    let name = IdentityName::parse(&arguments.next().ok_or("usage: axum-app NAME [ADDRESS]")?)?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8401".to_owned());
    let identity = IdentityStore::of_user()?.load(&name, None)?;

    let listener = TcpListener::bind(address).await?;
    // Behind a proxy this would be the URL that clients see, from a configuration.
    let origin = Origin::parse(&format!("http://{}", listener.local_addr()?))?;
    println!("{} at {origin}/didshake", identity.did());
    let app = axum_app::app(identity, origin)?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
