//! `mcp-client TOOL ARGUMENTS COMMAND...`: calls a tool of the MCP server that COMMAND leads to, as
//! `didshake pipe bob.example:7009 --as alice --expect bob` does. ARGUMENTS is a JSON object.

use std::error::Error;

use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::TokioChildProcess;
use tokio::process::Command;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [tool, parameters, program, rest @ ..] = arguments.as_slice() else {
        return Err("mcp-client TOOL ARGUMENTS COMMAND...".into());
    };
    let call = CallToolRequestParams::new(tool.clone()).with_arguments(serde_json::from_str(parameters)?);
    let mut command = Command::new(program);
    command.args(rest);
    // The pipe has proved who answers before a byte of MCP passes.
    let server = ().serve(TokioChildProcess::new(command)?).await?;
    let answer = server.call_tool(call).await?;
    for text in answer.content.iter().filter_map(|content| content.as_text()) {
        println!("{}", text.text);
    }
    server.cancel().await?;
    if answer.is_error == Some(true) { Err("the tool failed".into()) } else { Ok(()) }
}
