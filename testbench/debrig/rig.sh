# Runs as a service inside a Debian with systemd: installs, looks, upgrades, removes
# and purges the package, and says a line for each thing that it saw.
# usage: rig.sh OLD.deb NEW.deb OLDVERSION NEWVERSION
old=$1 new=$2 oldv=$3 newv=$4
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
data=/var/lib/centralita conf=/etc/centralita/centralita.yaml

say() { # say WHAT COMMAND…: ok when the command succeeds
	what=$1
	shift
	if out=$("$@" 2>&1); then echo "ok   $what"; else echo "BAD  $what: $(echo "$out" | head -n 5 | tr '\n' '|')"; fi
}
not() { ! "$@"; }
pid() { systemctl show -P MainPID centralita; }
is() { [ "$1" = "$2" ] || { echo "is '$1', want '$2'"; return 1; }; }
field() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$(pid)/status"; }
inside() { nsenter --mount --target "$(pid)" "$@"; }
page() { # the first line that the wall page answers
	exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /wall HTTP/1.0\r\nHost: 127.0.0.1:8080\r\n\r\n' >&3 && head -n 1 <&3 | tr -d '\r'
}
loopback() { # every socket of ours listens on 127.0.0.1 alone (0100007F in /proc/net)
	bad=$(awk 'FNR>1 && ($4=="0A" || FILENAME ~ /udp/) && $2 !~ /^0100007F:/ {print FILENAME, $2}' /proc/net/tcp /proc/net/udp
		awk 'FNR>1 && ($4=="0A" || FILENAME ~ /udp/) {print FILENAME, $2}' /proc/net/tcp6 /proc/net/udp6)
	[ -z "$bad" ] || { echo "$bad"; return 1; }
}
restarted() { # within 60 s systemd has started it $1 times again
	for _ in $(seq 120); do
		[ "$(systemctl show -P NRestarts centralita)" -ge "$1" ] && systemctl is-active -q centralita && return 0
		sleep 0.5
	done
	systemctl status centralita
	return 1
}
left() { # nothing of ours lies anywhere; the user stays, as policy asks
	bad=$(find / -xdev \( -path /proc -o -path /sys -o -path /rig -o -path /var/log \) -prune -o -iname '*centralita*' -print)
	[ -z "$bad" ] || { echo "$bad"; return 1; }
}

say "installs" dpkg -i "$old"
say "runs after the installation" systemctl is-active centralita
say "is enabled" systemctl is-enabled centralita
say "runs as its own user" is "$(stat -c %U "/proc/$(pid)")" centralita
say "has no capability to gain" is "$(field CapBnd)" 0000000000000000
say "has none now" is "$(field CapEff)" 0000000000000000
say "can gain no privilege" is "$(field NoNewPrivs)" 1
say "has its system calls filtered" is "$(field Seccomp)" 2
say "asks for real-time priority" is "$(systemctl show -P LimitRTPRIO centralita)" 10
if (ulimit -r 10) 2>/dev/null; then
	say "works in real time" sh -c "chrt -a -p $(pid) | grep -c SCHED_RR | grep -Eq '^[3-9]|^[1-9][0-9]'"
else
	echo "-    works in real time: not looked at, this machine lets nobody raise the limit (CAP_SYS_RESOURCE)"
fi
say "sees the system read-only" not inside touch /usr/bin/x /etc/x
say "sees no home" is "$(inside stat -c %a /root)" 0
say "data folder is its own" is "$(stat -c '%U %a' $data)" "centralita 700"
say "listens on loopback alone" loopback
say "answers its console" centralita status --data $data --lang en
say "serves the wall" is "$(page)" "HTTP/1.0 200 OK"
say "the manual page is there" test -s /usr/share/man/man1/centralita.1.gz

kill -STOP "$(pid)"
say "systemd's watchdog restarts one that hangs" restarted 1
kill -KILL "$(pid)"
say "one that is killed comes back" restarted 2
say "the book is whole after both" centralita book verify --data $data

sed -i 's/name: Oficina/name: Oficina de prueba/' $conf
say "upgrades" dpkg -i --force-confold "$new"
say "runs after the upgrade" systemctl is-active centralita
say "the new version runs" is "$(centralita --version)" "centralita $newv"
say "a changed configuration is kept" grep -q 'Oficina de prueba' $conf
say "and taken up" sh -c "centralita status --data $data --json | grep -q 'Oficina de prueba'"
say "the book goes on" centralita book verify --data $data
say "goes back to the older version" dpkg -i --force-downgrade --force-confold "$old"
say "the older version runs" is "$(centralita --version)" "centralita $oldv"

say "is removed" dpkg -r centralita
say "nothing runs" not pgrep -x centralita
say "the configuration stays" test -f $conf
say "the book stays" test -s $data/book.db
say "is installed again" dpkg -i --force-confold "$new"
say "runs again with the same book" centralita book verify --data $data
say "is purged" dpkg -P centralita
say "nothing of it is left" left
say "no unit failed" is "$(systemctl list-units --failed --no-legend 'centralita*')" ""
echo "end"
