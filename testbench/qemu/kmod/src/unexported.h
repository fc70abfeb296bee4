/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The kernel does not export irq_to_desc to modules; this leads to the same.
 */
#include <linux/irq.h>
#include <linux/irqdesc.h>

#define irq_to_desc(irq) irq_data_to_desc(irq_get_irq_data(irq))
