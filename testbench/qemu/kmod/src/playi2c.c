// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * An I2C adapter, bus 9, whose chips are played by a program: each message of a transfer
 * is given to the reader of /dev/playi2c and waits for what it writes back. Without a
 * reader no chip answers.
 */
#include <linux/fs.h>
#include <linux/i2c.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

/* What is read: this, then the bytes of a message that writes. */
struct play_ask {
	__u16 addr;
	__u16 flags; /* I2C_M_RD */
	__u16 len;
};

/* What is written: 0 or a negative error, then the bytes of a message that reads. */
typedef __s32 play_answer;

static enum { IDLE, ASKED, TAKEN, ANSWERED } state;
static struct i2c_msg *message;
static int result;
static bool played; /* somebody has the device open */
static DEFINE_MUTEX(lock);
static DECLARE_WAIT_QUEUE_HEAD(turn);

static int play_one(struct i2c_msg *m)
{
	int err;

	mutex_lock(&lock);
	message = m;
	state = ASKED;
	mutex_unlock(&lock);
	wake_up_all(&turn);
	wait_event_timeout(turn, state == ANSWERED || !played, HZ);
	mutex_lock(&lock);
	err = state == ANSWERED ? result : played ? -ETIMEDOUT : -ENXIO;
	state = IDLE;
	message = NULL;
	mutex_unlock(&lock);
	return err;
}

static int play_transfer(struct i2c_adapter *a, struct i2c_msg *list, int n)
{
	int i, err;

	for (i = 0; i < n; i++) {
		err = played ? play_one(&list[i]) : -ENXIO;
		if (err)
			return err;
	}
	return n;
}

static u32 play_can(struct i2c_adapter *a)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm play_algorithm = {
	.master_xfer = play_transfer,
	.functionality = play_can,
};

static struct i2c_adapter play_adapter = {
	.owner = THIS_MODULE,
	.algo = &play_algorithm,
	.name = "played by a program",
	.nr = 9,
};

static int play_open(struct inode *i, struct file *f)
{
	int err = 0;

	mutex_lock(&lock);
	if (played)
		err = -EBUSY;
	played = true;
	mutex_unlock(&lock);
	return err;
}

static int play_close(struct inode *i, struct file *f)
{
	mutex_lock(&lock);
	played = false;
	mutex_unlock(&lock);
	wake_up_all(&turn);
	return 0;
}

static ssize_t play_read(struct file *f, char __user *to, size_t n, loff_t *at)
{
	struct play_ask ask;
	ssize_t got = 0;

	while (!got) {
		if (wait_event_interruptible(turn, state == ASKED))
			return -ERESTARTSYS;
		mutex_lock(&lock);
		if (state == ASKED) {
			ask.addr = message->addr;
			ask.flags = message->flags;
			ask.len = message->len;
			got = sizeof(ask) + (ask.flags & I2C_M_RD ? 0 : ask.len);
			if (n < got)
				got = -EMSGSIZE;
			else if (copy_to_user(to, &ask, sizeof(ask)) ||
				 copy_to_user(to + sizeof(ask), message->buf, got - sizeof(ask)))
				got = -EFAULT;
			else
				state = TAKEN;
		}
		mutex_unlock(&lock);
	}
	return got;
}

static ssize_t play_write(struct file *f, const char __user *from, size_t n, loff_t *at)
{
	play_answer answer;
	ssize_t got = n;

	if (n < sizeof(answer) || copy_from_user(&answer, from, sizeof(answer)))
		return -EFAULT;
	mutex_lock(&lock);
	if (state != TAKEN) {
		got = -ETIMEDOUT; /* whoever asked has gone */
	} else if (!answer && message->flags & I2C_M_RD &&
		   (n != sizeof(answer) + message->len ||
		    copy_from_user(message->buf, from + sizeof(answer), message->len))) {
		got = -EMSGSIZE;
	} else {
		result = answer;
		state = ANSWERED;
	}
	mutex_unlock(&lock);
	wake_up_all(&turn);
	return got;
}

static const struct file_operations play_file = {
	.owner = THIS_MODULE,
	.open = play_open,
	.release = play_close,
	.read = play_read,
	.write = play_write,
};

static struct miscdevice play_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "playi2c",
	.fops = &play_file,
};

static int __init play_init(void)
{
	int err = misc_register(&play_device);

	if (err)
		return err;
	err = i2c_add_numbered_adapter(&play_adapter);
	if (err)
		misc_deregister(&play_device);
	return err;
}

static void __exit play_exit(void)
{
	i2c_del_adapter(&play_adapter);
	misc_deregister(&play_device);
}

module_init(play_init);
module_exit(play_exit);
MODULE_DESCRIPTION("I2C adapter whose chips are played by a program");
MODULE_LICENSE("Dual MIT/GPL");
