// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A TM1637 at two GPIO lines, 0 CLK and 1 DIO, as its data sheet has them: it pulls DIO
 * down from the end of the eighth clock of a byte to the end of the ninth. The bytes
 * between a start and a stop are one record of /dev/playtm1637. With present=0 it does
 * not answer.
 */
#include <linux/gpio/driver.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>
#include "record.h"

static bool present = true;
module_param(present, bool, 0644);

enum { CLK, DIO };

static DEFINE_SPINLOCK(lock);
static bool driven[2];		  /* the line is an output */
static bool high[2] = { true, true }; /* of an output */
static bool level[2] = { true, true }; /* as they were seen last */
static bool started, pulls;
static unsigned int bits, count;
static u8 byte, list[16];
static struct platform_device *parent;

/* clocked is an edge of CLK within a transfer. */
static void clocked(bool up)
{
	if (up && bits < 8) {
		byte |= level[DIO] << bits++;
	} else if (!up && bits == 8) {
		if (count < sizeof(list))
			list[count++] = byte;
		pulls = true;
		bits = 9;
	} else if (!up && bits == 9) {
		pulls = false;
		bits = byte = 0;
	}
}

/* look takes in what the lines are now. */
static void look(void)
{
	bool clk = !driven[CLK] || high[CLK], dio = !driven[DIO] || high[DIO];
	bool clk_was = level[CLK], dio_was = level[DIO];

	level[CLK] = clk;
	level[DIO] = dio;
	if (clk && clk_was && dio != dio_was) {
		if (!dio) {
			started = true;
			bits = byte = count = 0;
		} else if (started) {
			started = false;
			if (present)
				record_put(list, count);
		}
	} else if (started && clk != clk_was) {
		clocked(clk);
	}
}

static int play_direction(struct gpio_chip *c, unsigned int line)
{
	return driven[line] ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int play_input(struct gpio_chip *c, unsigned int line)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	driven[line] = false;
	look();
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int play_output(struct gpio_chip *c, unsigned int line, int value)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	driven[line] = true;
	high[line] = value;
	look();
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static void play_set(struct gpio_chip *c, unsigned int line, int value)
{
	play_output(c, line, value);
}

static int play_get(struct gpio_chip *c, unsigned int line)
{
	return level[line] && !(line == DIO && pulls && present);
}

static struct gpio_chip chip = {
	.label = "play-tm1637",
	.owner = THIS_MODULE,
	.base = -1,
	.ngpio = 2,
	.get_direction = play_direction,
	.direction_input = play_input,
	.direction_output = play_output,
	.get = play_get,
	.set = play_set,
};

static int __init play_init(void)
{
	int err = record_begin();

	if (err)
		return err;
	parent = platform_device_register_simple("playtm1637", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(parent)) {
		record_end();
		return PTR_ERR(parent);
	}
	chip.parent = &parent->dev;
	err = gpiochip_add_data(&chip, NULL);
	if (err) {
		platform_device_unregister(parent);
		record_end();
	}
	return err;
}

static void __exit play_exit(void)
{
	gpiochip_remove(&chip);
	platform_device_unregister(parent);
	record_end();
}

module_init(play_init);
module_exit(play_exit);
MODULE_DESCRIPTION("TM1637 at two GPIO lines");
MODULE_LICENSE("Dual MIT/GPL");
