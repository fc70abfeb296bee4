#!/bin/sh
# The first process: starts the watchdog, finds the disk, gives the data partition the
# rest of it, mounts the slot's root and hands over. Arguments come from boot.cmd.
export PATH=/bin:/sbin
mount -t devtmpfs -o nosuid,noexec dev /dev
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sys /sys
mount -t tmpfs -o mode=755,nosuid,nodev,noexec run /run
echo 0 >/proc/sys/kernel/sysrq

slot='' trial='' counted='' recovery='' silent='' disk=''
for word in $(cat /proc/cmdline); do
	case $word in
	centralita.slot=*) slot=${word#*=} ;;
	centralita.trial=1) trial=1 ;;
	centralita.counted=1) counted=1 ;;
	centralita.recovery=1) recovery=1 ;;
	centralita.silent=*) silent=${word#*=} ;;
	centralita.disk=*) disk=${word#*=} ;;
	esac
done

say() { echo "centralita: $*" >/dev/console; }

# The watchdog first: opening it starts it, and closing it without a word leaves it on.
for module in $(cat /etc/modules.watchdog); do modprobe "$module" 2>/dev/null; done
if [ -z "$recovery" ] && [ -c /dev/watchdog ]; then : >/dev/watchdog; fi

rescue() {
	say "$1"
	# The old slot is still there; or the boot script counts, and comes to another by itself.
	if [ -n "$trial$counted" ]; then
		sleep 1
		reboot -f
	fi
	mount -t vfat -o ro,nosuid,nodev,noexec "${part}1" /mnt 2>/dev/null
	exec /bin/rescue desk "$disk" "$1" /mnt </dev/console >/dev/console 2>&1
}

for module in $(cat /etc/modules.early); do modprobe "$module" 2>/dev/null; done

case $disk in
*[0-9]) part=${disk}p ;;
*) part=$disk ;;
esac
waited=0
while [ ! -b "${part}4" ] && [ $waited -lt 200 ]; do
	usleep 100000
	waited=$((waited + 1))
done
[ -b "${part}4" ] || rescue "the disk $disk is not there"
[ -z "$silent" ] || rescue "slot $silent was started again and again and never came up"
[ -z "$recovery" ] || rescue "no slot could be booted"

# The entry of partition 4 in the table is one write of one sector: whole or not at all.
/bin/rescue grow "$disk" || say "the data partition was not enlarged"

case $slot in
a) image=${part}2 ;;
b) image=${part}3 ;;
*) rescue "slot \"$slot\" is unknown" ;;
esac
mkdir -p /slot /root
mount -t vfat -o ro,nosuid,nodev,noexec "$image" /slot || rescue "slot $slot cannot be mounted"
mount -t squashfs -o ro,nosuid,nodev,loop /slot/root.sqfs /root || rescue "the root of slot $slot cannot be mounted"
for dir in dev proc sys run slot; do
	mount --move /$dir /root/$dir || rescue "/$dir is missing in the root of slot $slot"
done
exec switch_root /root /sbin/init
