//! The guest's power button.

use serde_json::json;

use super::running::Vm;

impl Vm {
    /// Presses it. What the guest does about that is its own affair.
    pub fn press_power_button(&mut self) -> anyhow::Result<()> {
        self.qmp.execute("system_powerdown", json!({}))?;
        Ok(())
    }
}
