// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * An SPI controller, bus 0, with one device for spidev. What a transfer sends, from the
 * fall of chip select to its rise, is one record of /dev/playspi.
 */
#include <linux/platform_device.h>
#include <linux/spi/spi.h>
#include "record.h"

static struct platform_device *parent;
static struct spi_controller *controller;

static int play_message(struct spi_controller *c, struct spi_message *m)
{
	struct spi_transfer *t;
	u8 sent[64];
	unsigned int n = 0;

	list_for_each_entry(t, &m->transfers, transfer_list) {
		if (t->tx_buf && n + t->len <= sizeof(sent)) {
			memcpy(sent + n, t->tx_buf, t->len);
			n += t->len;
		}
		if (t->rx_buf)
			memset(t->rx_buf, 0, t->len);
		m->actual_length += t->len;
	}
	record_put(sent, n);
	m->status = 0;
	spi_finalize_current_message(c);
	return 0;
}

static int __init play_init(void)
{
	struct spi_board_info device = { .modalias = "bk4", .max_speed_hz = 10000000 };
	int err = record_begin();

	if (err)
		return err;
	parent = platform_device_register_simple("playspi", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(parent)) {
		err = PTR_ERR(parent);
		goto no_parent;
	}
	controller = spi_alloc_master(&parent->dev, 0);
	if (!controller) {
		err = -ENOMEM;
		goto no_controller;
	}
	controller->bus_num = 0;
	controller->num_chipselect = 1;
	controller->transfer_one_message = play_message;
	err = spi_register_controller(controller);
	if (err) {
		spi_controller_put(controller);
		goto no_controller;
	}
	if (spi_new_device(controller, &device))
		return 0;
	err = -ENODEV;
	spi_unregister_controller(controller);
no_controller:
	platform_device_unregister(parent);
no_parent:
	record_end();
	return err;
}

static void __exit play_exit(void)
{
	spi_unregister_controller(controller);
	platform_device_unregister(parent);
	record_end();
}

module_init(play_init);
module_exit(play_exit);
MODULE_DESCRIPTION("SPI controller that tells what was sent");
MODULE_LICENSE("Dual MIT/GPL");
