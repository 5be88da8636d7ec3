//! Cables of network cards.

use serde_json::json;

use super::running::Vm;

impl Vm {
    /// Plugs the cable of the network card that QEMU calls `id` in, or pulls it.
    pub fn set_link(&mut self, id: &str, up: bool) -> anyhow::Result<()> {
        self.qmp
            .execute("set_link", json!({ "name": id, "up": up }))?;
        Ok(())
    }
}
