/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * A device in /dev from which a program reads what a bus was told, one record a read.
 */
#ifndef RECORD_H
#define RECORD_H

#include <linux/fs.h>
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

static STRUCT_KFIFO_REC_2(65536) record_fifo;
static DECLARE_WAIT_QUEUE_HEAD(record_came);
static DEFINE_SPINLOCK(record_lock);

/* record_put keeps a record; when there is no room it is lost. */
static void record_put(const void *data, unsigned int n)
{
	kfifo_in_spinlocked(&record_fifo, data, n, &record_lock);
	wake_up_interruptible(&record_came);
}

static ssize_t record_read(struct file *f, char __user *to, size_t n, loff_t *at)
{
	unsigned int copied;
	int err = wait_event_interruptible(record_came, !kfifo_is_empty(&record_fifo));

	if (!err)
		err = kfifo_to_user(&record_fifo, to, n, &copied);
	return err ? err : copied;
}

static const struct file_operations record_file = {
	.owner = THIS_MODULE,
	.read = record_read,
};

static struct miscdevice record_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &record_file,
};

static int record_begin(void)
{
	INIT_KFIFO(record_fifo);
	return misc_register(&record_device);
}

static void record_end(void)
{
	misc_deregister(&record_device);
}

#endif
