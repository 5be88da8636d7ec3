// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink multicast of irqcast_edu, in C.
 *
 * It does for each interrupt what the Rust driver does: acknowledge, take the time and a
 * sequence number, store the event in a ring, and multicast it from the hard interrupt
 * handler. For measuring only; it has no requests.
 */

#include <linux/acpi.h>
#include <linux/bits.h>
#include <linux/interrupt.h>
#include <linux/kobject.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>

#define EDU_STATUS		0x24
#define EDU_ACKNOWLEDGE		0x64

#define HISTORY			4096

/* As in driver/spec/irqcast.yaml. */
enum {
	TWIN_CMD_EVENT_NTF = 5,
};

enum {
	TWIN_A_DEVICE = 1,
	TWIN_A_ADDRESS,
	TWIN_A_SEQ,
	TWIN_A_TIME_NS,
	TWIN_A_CAUSE,
	TWIN_A_PAD = 8,
};

static bool measure;
module_param(measure, bool, 0444);
MODULE_PARM_DESC(measure, "take the handler's time");

static bool uevent;
module_param(uevent, bool, 0444);
MODULE_PARM_DESC(uevent, "raise a uevent from a work item instead of a multicast");

static ulong handler_ns;
module_param(handler_ns, ulong, 0444);
MODULE_PARM_DESC(handler_ns, "time in the handler for the last event (read only)");

#ifdef CONFIG_ACPI
/*
 * An event as acpid knows it: "CLASS BUS", which the kernel sends as one message of acpi_event.
 * It is here because nothing in the testbed's machine makes such events as fast as they are wanted.
 */
static int twin_acpi_event(const char *value, const struct kernel_param *parameter)
{
	char class[20], bus[15];

	if (sscanf(value, "%19s %14s", class, bus) != 2)
		return -EINVAL;
	return acpi_bus_generate_netlink_event(class, bus, 0, 0);
}

static const struct kernel_param_ops twin_acpi_event_ops = {
	.set = twin_acpi_event,
};

module_param_cb(acpi_event, &twin_acpi_event_ops, NULL, 0200);
MODULE_PARM_DESC(acpi_event, "send an event of that class and bus through the family acpi_event");
#endif

static const struct genl_multicast_group twin_groups[] = {
	{ .name = "events", .flags = GENL_MCAST_CAP_NET_ADMIN },
};

static struct genl_family twin_family __ro_after_init = {
	.name = "irqcast_twin",
	.version = 1,
	.module = THIS_MODULE,
	.mcgrps = twin_groups,
	.n_mcgrps = ARRAY_SIZE(twin_groups),
};

struct twin_record {
	u64 seq;
	u64 time_ns;
	u32 device;
	u32 cause;
	u32 present;
	u32 handler_ns;
	u32 data[4];
	u64 lost;
	u64 reserved;
};

struct twin {
	struct pci_dev *pdev;
	void __iomem *bar;
	struct work_struct work;
	struct twin_record *history;
	size_t size;
	u64 seq;
	u64 head;
	u64 sent;
	u64 no_listener;
	u64 alloc_failures;
	u64 send_errors;
};

static struct twin_record *twin_store(struct twin *twin, u64 seq, u64 time, u32 cause)
{
	struct twin_record *record = &twin->history[seq % HISTORY];

	WRITE_ONCE(record->seq, 0);
	smp_wmb();
	record->time_ns = time;
	record->device = 0;
	record->cause = cause;
	record->present = 0;
	record->handler_ns = 0;
	record->lost = 0;
	record->reserved = 0;
	memset(record->data, 0, sizeof(record->data));
	smp_store_release(&record->seq, seq);
	smp_store_release(&twin->head, seq);

	return record;
}

static int twin_put(struct twin *twin, struct sk_buff *skb, u64 seq, u64 time, u32 cause)
{
	void *header = genlmsg_put(skb, 0, 0, &twin_family, 0, TWIN_CMD_EVENT_NTF);

	if (!header ||
	    nla_put_u32(skb, TWIN_A_DEVICE, 0) ||
	    nla_put_string(skb, TWIN_A_ADDRESS, pci_name(twin->pdev)) ||
	    nla_put_u64_64bit(skb, TWIN_A_SEQ, seq, TWIN_A_PAD) ||
	    nla_put_u64_64bit(skb, TWIN_A_TIME_NS, time, TWIN_A_PAD) ||
	    nla_put_u32(skb, TWIN_A_CAUSE, cause))
		return -EMSGSIZE;

	genlmsg_end(skb, header);
	return 0;
}

static void twin_multicast(struct twin *twin, u64 seq, u64 time, u32 cause)
{
	struct sk_buff *skb;
	int error;

	if (!genl_has_listeners(&twin_family, &init_net, 0)) {
		twin->no_listener++;
		return;
	}

	skb = genlmsg_new(twin->size, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb) {
		twin->alloc_failures++;
		return;
	}

	if (twin_put(twin, skb, seq, time, cause)) {
		nlmsg_free(skb);
		twin->send_errors++;
		return;
	}

	/* The broadcast must not free the last reference in hard IRQ. */
	skb_get(skb);
	error = genlmsg_multicast(&twin_family, skb, 0, 0, GFP_ATOMIC | __GFP_NOWARN);
	consume_skb(skb);
	if (error)
		twin->send_errors++;
	else
		twin->sent++;
}

static void twin_uevent(struct work_struct *work)
{
	struct twin *twin = container_of(work, struct twin, work);

	kobject_uevent(&twin->pdev->dev.kobj, KOBJ_CHANGE);
}

static irqreturn_t twin_handler(int irq, void *data)
{
	struct twin *twin = data;
	struct twin_record *record;
	u32 cause;
	u64 time, seq;

	cause = readl(twin->bar + EDU_STATUS);
	if (!cause)
		return twin->pdev->msi_enabled ? IRQ_HANDLED : IRQ_NONE;
	writel(cause, twin->bar + EDU_ACKNOWLEDGE);

	time = ktime_get();
	seq = ++twin->seq;
	record = twin_store(twin, seq, time, cause);
	if (uevent)
		schedule_work(&twin->work);
	else
		twin_multicast(twin, seq, time, cause);
	if (measure) {
		record->handler_ns = ktime_get() - time;
		handler_ns = record->handler_ns;
	}

	return IRQ_HANDLED;
}

static void twin_free_vectors(void *data)
{
	pci_free_irq_vectors(data);
}

static int twin_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct twin *twin;
	int error;

	twin = devm_kzalloc(&pdev->dev, sizeof(*twin), GFP_KERNEL);
	if (!twin)
		return -ENOMEM;
	twin->pdev = pdev;
	INIT_WORK(&twin->work, twin_uevent);
	twin->size = nla_total_size(sizeof(u32)) * 2 +
		     nla_total_size(strlen(pci_name(pdev)) + 1) +
		     nla_total_size_64bit(sizeof(u64)) * 2;

	error = pcim_enable_device(pdev);
	if (error)
		return error;
	pci_set_master(pdev);
	twin->bar = pcim_iomap_region(pdev, 0, "irqcast_twin");
	if (IS_ERR(twin->bar))
		return PTR_ERR(twin->bar);
	writel(~0, twin->bar + EDU_ACKNOWLEDGE);

	twin->history = vzalloc(array_size(HISTORY, sizeof(*twin->history)));
	if (!twin->history)
		return -ENOMEM;

	error = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_INTX);
	if (error < 0)
		goto free_history;
	error = devm_add_action_or_reset(&pdev->dev, twin_free_vectors, pdev);
	if (error)
		goto free_history;

	pci_set_drvdata(pdev, twin);
	error = request_irq(pci_irq_vector(pdev, 0), twin_handler, IRQF_SHARED, "irqcast_twin",
			    twin);
	if (error)
		goto free_history;

	return 0;

free_history:
	vfree(twin->history);
	return error;
}

static void twin_remove(struct pci_dev *pdev)
{
	struct twin *twin = pci_get_drvdata(pdev);

	free_irq(pci_irq_vector(pdev, 0), twin);
	cancel_work_sync(&twin->work);
	vfree(twin->history);
}

static const struct pci_device_id twin_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, twin_ids);

static struct pci_driver twin_driver = {
	.name = "irqcast_twin",
	.id_table = twin_ids,
	.probe = twin_probe,
	.remove = twin_remove,
};

static int __init twin_init(void)
{
	int error = genl_register_family(&twin_family);

	if (error)
		return error;
	error = pci_register_driver(&twin_driver);
	if (error)
		genl_unregister_family(&twin_family);
	return error;
}

static void __exit twin_exit(void)
{
	/* No handler is left to send after the first. */
	pci_unregister_driver(&twin_driver);
	genl_unregister_family(&twin_family);
}

module_init(twin_init);
module_exit(twin_exit);

MODULE_DESCRIPTION("The netlink multicast of irqcast_edu, in C, for the benchmark");
MODULE_LICENSE("GPL");
