//! From a machine's description to QEMU's argument list.

use std::{ffi::OsString, os::fd::RawFd, path::Path};

use super::{accelerator::Accelerator, disk::Disk, machine::Machine};
use crate::cli::Guest;

/// Processors of each guest. Two let a handler and a listener run at the same time.
const PROCESSORS: u8 = 2;

/// Slots of the edu devices on bus 0, in the order in which the driver finds them.
///
/// On q35, slots whose numbers differ by four share their INTx lines. So the first two
/// devices share one line, and the third and fourth have lines of their own. Slots 0, 1 and
/// 31 belong to the chipset and the link.
const SLOTS: [u8; 16] = [2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];

/// The kernel's command line, before the machine's own words.
///
/// A panic resets at once, and QEMU ends on a reset. An oops is a panic, since a guest that
/// goes on after one proves nothing. SysRq is on so that a guest that hangs can be asked
/// what it does. The self-tests of the kernel's ciphers take half a second of each boot.
/// A quiet console would save nothing that can be measured.
const COMMAND_LINE: &str =
    "console=ttyS0 panic=-1 oops=panic sysrq_always_enabled cryptomgr.notests";

/// What a Debian guest's command line has beside that: PID 1 of the initramfs goes on with the disk, and
/// systemd tells the console only of what takes long or fails.
const DEBIAN_COMMAND_LINE: &str =
    "irqcast.root=/dev/nvme0n1 systemd.unit=multi-user.target systemd.show_status=auto";

/// The chipset, without parts that the firmware and the kernel spend time on and that no
/// guest uses. It boots as fast as the older `pc` and has PCI Express.
const CHIPSET: &str = "q35,smm=off,sata=off";

/// What QEMU gets from the testbed beside the description.
#[derive(Debug)]
pub struct Parts<'a> {
    /// Kernel image.
    pub kernel: &'a Path,
    /// File descriptor of the initramfs, as QEMU will see it.
    pub initramfs: RawFd,
    /// File descriptor of a connected socket for the link to PID 1.
    pub link: RawFd,
    /// The same for the kernel's console.
    pub console: RawFd,
    /// The same for QEMU's own control channel.
    pub qmp: RawFd,
    /// The disk, if the machine has one.
    pub disk: Option<&'a Disk>,
}

/// The arguments for `qemu-system-x86_64`. They suit version 10.0, which set-up fetches.
pub fn arguments(machine: &Machine, accelerator: Accelerator, parts: &Parts<'_>) -> Vec<OsString> {
    let mut arguments = Arguments(Vec::new());
    arguments.flags(&["-nodefaults", "-no-user-config", "-no-reboot"]);
    arguments.option("-display", "none");
    arguments.option("-machine", CHIPSET);
    match accelerator {
        // An instruction takes a nanosecond, and a guest that sleeps is woken up at once. So
        // nothing that the host does shows in the guest's time.
        _ if machine.icount => {
            arguments.option("-accel", "tcg");
            arguments.option("-icount", "shift=0,sleep=off");
        }
        Accelerator::Kvm => {
            arguments.option("-accel", "kvm");
            arguments.option("-cpu", "host");
        }
        // TCG's default processor boots faster than `max`: what it lacks need not be
        // emulated.
        Accelerator::Tcg => arguments.option("-accel", "tcg,thread=multi"),
    }
    arguments.option("-smp", processors(machine).to_string());
    arguments.option("-m", format!("{}M", machine.memory_mib));
    arguments.option("-kernel", parts.kernel);
    arguments.option("-initrd", format!("/proc/self/fd/{}", parts.initramfs));
    arguments.option("-append", command_line(machine));
    for (name, fd) in [
        ("console", parts.console),
        ("qmp", parts.qmp),
        ("link", parts.link),
    ] {
        arguments.option("-chardev", format!("socket,id={name},fd={fd}"));
    }
    arguments.option("-serial", "chardev:console");
    arguments.option("-mon", "chardev=qmp,mode=control");
    arguments.option("-device", "virtio-serial-pci,addr=1,max_ports=2");
    arguments.option(
        "-device",
        format!("virtserialport,chardev=link,name={}", irqcast_link::PORT),
    );
    for slot in SLOTS.iter().take(usize::from(machine.devices)) {
        arguments.option("-device", format!("edu,addr={slot:#x}"));
    }
    if let Some(disk) = parts.disk {
        // What the guest has flushed, and nothing else, has to be there after its power is cut. Commas
        // are doubled in a path.
        let file = disk.path().to_string_lossy().replace(',', ",,");
        let snapshot = if disk.is_shared() { "on" } else { "off" };
        arguments.option(
            "-drive",
            format!("if=none,id=disk,format=raw,snapshot={snapshot},file={file}"),
        );
        arguments.option("-device", "nvme,drive=disk,serial=disk");
    }
    for device in &machine.extra {
        arguments.option("-device", device);
    }
    arguments.0
}

/// How many processors the machine has.
pub fn processors(machine: &Machine) -> u8 {
    if machine.icount { 1 } else { PROCESSORS }
}

fn command_line(machine: &Machine) -> String {
    let guest = match machine.guest {
        Guest::Minimal => "",
        Guest::Debian => DEBIAN_COMMAND_LINE,
    };
    [COMMAND_LINE, guest, &machine.append]
        .into_iter()
        .filter(|words| !words.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

struct Arguments(Vec<OsString>);

impl Arguments {
    fn flags(&mut self, flags: &[&str]) {
        self.0.extend(flags.iter().map(OsString::from));
    }

    fn option(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.push(name.into());
        self.0.push(value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts<'static> {
        Parts {
            kernel: Path::new("/boot/kernel, the one"),
            initramfs: 5,
            link: 6,
            console: 7,
            qmp: 8,
            disk: None,
        }
    }

    fn list(machine: &Machine, accelerator: Accelerator) -> Vec<String> {
        list_of(machine, accelerator, &parts())
    }

    fn list_of(machine: &Machine, accelerator: Accelerator, parts: &Parts<'_>) -> Vec<String> {
        arguments(machine, accelerator, parts)
            .into_iter()
            .map(|argument| argument.into_string().unwrap())
            .collect()
    }

    /// The values of every option `name`.
    fn values(list: &[String], name: &str) -> Vec<String> {
        list.windows(2)
            .filter(|pair| pair[0] == name)
            .map(|pair| pair[1].clone())
            .collect()
    }

    #[test]
    fn first_two_devices_share_an_interrupt_line_and_others_do_not() {
        let line = |slot: u8| slot % 4;
        assert_eq!(line(SLOTS[0]), line(SLOTS[1]));
        assert_ne!(line(SLOTS[0]), line(SLOTS[2]));
        assert_ne!(line(SLOTS[0]), line(SLOTS[3]));
        assert!(SLOTS.is_sorted(), "instance numbers follow the bus");
    }

    #[test]
    fn each_device_is_there_once() {
        for devices in [0, 1, 2, 16] {
            let machine = Machine {
                devices,
                ..Machine::default()
            };
            let list = values(&list(&machine, Accelerator::Tcg), "-device");
            let edu = list
                .iter()
                .filter(|device| device.starts_with("edu,"))
                .count();
            assert_eq!(edu, usize::from(devices));
        }
    }

    #[test]
    fn description_reaches_the_options() {
        let machine = Machine {
            append: "irqcast_edu.msi=0".to_owned(),
            memory_mib: 300,
            extra: vec!["pcie-root-port,id=port1".to_owned()],
            ..Machine::default()
        };
        let list = list(&machine, Accelerator::Tcg);
        for (name, value) in [
            ("-m", "300M"),
            ("-kernel", "/boot/kernel, the one"),
            ("-initrd", "/proc/self/fd/5"),
            ("-append", &format!("{COMMAND_LINE} irqcast_edu.msi=0")),
        ] {
            assert_eq!(values(&list, name), [value], "{name}");
        }
        assert_eq!(
            values(&list, "-device"),
            [
                "virtio-serial-pci,addr=1,max_ports=2",
                "virtserialport,chardev=link,name=irqcast.link",
                "edu,addr=0x2",
                "pcie-root-port,id=port1",
            ]
        );
    }

    #[test]
    fn debian_guest_goes_on_with_its_disk() {
        let machine = Machine {
            guest: Guest::Debian,
            append: "irqcast_edu.msi=0".to_owned(),
            ..Machine::default()
        };
        let line = format!("{COMMAND_LINE} {DEBIAN_COMMAND_LINE} irqcast_edu.msi=0");
        let list = list(&machine, Accelerator::Tcg);
        assert_eq!(values(&list, "-append"), [line]);
    }

    #[test]
    fn shared_disk_is_not_written_to() {
        let disk = Disk::shared("/cache/one,two".into());
        let parts = Parts {
            disk: Some(&disk),
            ..parts()
        };
        let list = list_of(&Machine::default(), Accelerator::Tcg, &parts);
        let drive = "if=none,id=disk,format=raw,snapshot=on,file=/cache/one,,two";
        assert_eq!(values(&list, "-drive"), [drive]);
    }

    #[test]
    fn processor_follows_the_accelerator() {
        let machine = Machine::default();
        assert_eq!(values(&list(&machine, Accelerator::Kvm), "-cpu"), ["host"]);
        assert!(values(&list(&machine, Accelerator::Tcg), "-cpu").is_empty());
    }

    #[test]
    fn counted_instructions_need_one_translated_processor() {
        let machine = Machine {
            icount: true,
            ..Machine::default()
        };
        for accelerator in [Accelerator::Kvm, Accelerator::Tcg] {
            let list = list(&machine, accelerator);
            for (name, value) in [
                ("-accel", "tcg"),
                ("-icount", "shift=0,sleep=off"),
                ("-smp", "1"),
            ] {
                assert_eq!(values(&list, name), [value], "{name}");
            }
        }
        let list = list(&Machine::default(), Accelerator::Tcg);
        assert!(values(&list, "-icount").is_empty());
        assert_eq!(values(&list, "-smp"), ["2"]);
    }

    #[test]
    fn empty_addition_leaves_the_command_line_alone() {
        let list = list(&Machine::default(), Accelerator::Tcg);
        assert_eq!(values(&list, "-append"), [COMMAND_LINE]);
    }
}
