//! What a run is a run of: kernel and machine.

use std::{fs, time::Duration};

use irqcast_bench::schema;

use crate::{
    prepared::Prepared,
    vm::{Accelerator, Invocation, Machine, Vm, processors},
};

/// How long a short command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The guest's kernel, as it tells itself.
pub fn kernel(vm: &mut Vm, prepared: &Prepared) -> anyhow::Result<schema::Kernel> {
    let mut text = |arguments: &[&str]| -> anyhow::Result<String> {
        let command = Invocation::new(arguments.iter().copied());
        let completed = vm.run(command, LIMIT, |_| {})?;
        Ok(String::from_utf8_lossy(&completed.stdout).trim().to_owned())
    };
    Ok(schema::Kernel {
        name: prepared.kernel.name.clone(),
        release: text(&["uname", "-r"])?,
        version: text(&["uname", "-v"])?,
        command_line: text(&["cat", "/proc/cmdline"])?,
    })
}

/// The machine that the guest ran on, and what that ran on.
pub fn machine(machine: &Machine, prepared: &Prepared) -> schema::Machine {
    let accelerator = match machine.icount {
        true => Accelerator::Tcg,
        false => Accelerator::detect(),
    };
    let processors_here = std::thread::available_parallelism().map_or(1, usize::from);
    schema::Machine {
        accelerator: accelerator.to_string(),
        qemu: format!("QEMU {}", prepared.qemu.version),
        processors: processors(machine).into(),
        memory_mib: machine.memory_mib,
        host_processor: model(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
        host_processors: u32::try_from(processors_here).unwrap_or(u32::MAX),
    }
}

/// The processor's model in a `/proc/cpuinfo`.
fn model(cpuinfo: &str) -> String {
    let line = cpuinfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == "model name");
    line.map_or("unknown", |(_, model)| model.trim()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::model;

    #[test]
    fn model_is_found() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: other\n";
        assert_eq!(model(text), "Some CPU @ 2 GHz");
        assert_eq!(model(""), "unknown");
    }
}
