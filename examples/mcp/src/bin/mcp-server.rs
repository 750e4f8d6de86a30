//! `mcp-server [OPERATOR...]`: an MCP server on standard input and output, for `didshake listen --exec`. It serves one peer, whose
//! verified DID is in its environment; the arguments are the DIDs that may use every tool.

use std::error::Error;
use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::transport::stdio;
use rmcp::{ErrorData, ServiceExt as _, schemars, tool, tool_router};
use serde::Deserialize;
use tokio::time::sleep;

/// The longest report, in seconds.
const MOST_SECONDS: u64 = 60;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let peer = std::env::var("DIDSHAKE_PEER_DID")
        .map_err(|_| "DIDSHAKE_PEER_DID is not set: run this by `didshake listen --exec`")?;
    let is_operator = std::env::args().skip(1).any(|operator| operator == peer);
    Tools { peer, is_operator }.serve(stdio()).await?.waiting().await?;
    Ok(())
}

/// What one peer may call. Nothing that it writes changes who it is.
struct Tools {
    peer: String,
    is_operator: bool,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[schemars(crate = "schemars")]
struct Report {
    /// How long it takes, in seconds; at most 60.
    seconds: u64,
}

#[tool_router(server_handler)]
impl Tools {
    #[tool(description = "Your DID, as the handshake has verified it")]
    fn whoami(&self) -> String {
        self.peer.clone()
    }

    #[tool(description = "Deploys what was built; for operators")]
    fn deploy(&self) -> Result<String, ErrorData> {
        if !self.is_operator {
            return Err(ErrorData::invalid_request(format!("{} is no operator: `deploy` is refused", self.peer), None));
        }
        Ok(format!("deployed, for {}", self.peer))
    }

    #[tool(description = "A report, which takes its time")]
    async fn report(&self, Parameters(Report { seconds }): Parameters<Report>) -> String {
        eprintln!("a report for {}", self.peer);
        sleep(Duration::from_secs(seconds.min(MOST_SECONDS))).await;
        format!("all is well, {}", self.peer)
    }
}
