//go:build linux

// Command dahdiguest is the first process of the machine that make rig-dahdi boots. It
// loads DAHDI's modules, lays wires between channels, and holds our driver at both
// ends of them against what a telephone line must do; then a whole house answers a call. What it finds
// it says on the console.
package main

import "github.com/centralita/centralita/testbench/qemu/guest"

// check is one thing that must hold. What it returns is what it measured.
type check struct {
	name string
	run  func(*bench) (string, error)
}

// checks in their order: a call's walk on the first wire, then what a hand does to
// cards, then the house.
var checks = []check{
	{"reports", reports},
	{"no /dev/dahdi", absent},
	{"port open elsewhere", elsewhere},
	{"idle", idle},
	{"ring with cadence", ring},
	{"caller id, Bell 202", callerID(0)},
	{"caller id, V.23", callerID(1)},
	{"caller id, DTMF", callerID(2)},
	{"answer", answer},
	{"talk both ways", talk},
	{"tone digits both ways", toneDigits},
	{"pulse digits", pulseDigits},
	{"flash", flash},
	{"gains", gains},
	{"what is not offered", refused},
	{"release by the exchange", disconnect},
	{"release by the line", release},
	{"ring at once after a release", ringSoon},
	{"ring is answered late", ringOut},
	{"card unplugged and back", replug},
	{"close", closing},
	{"echo canceller", cancelEcho},
	{"a house answers a call", house},
}

func main() {
	b := &bench{}
	var list []guest.Check
	for _, c := range checks {
		list = append(list, guest.Check{Name: c.name, Run: func() (string, error) { return c.run(b) }})
	}
	all := func() ([]guest.Check, error) { return list, nil }
	guest.Main(guest.Boot{Params: map[string]string{"dahdi.ko": "auto_assign_spans=1"}}, spans, all) // numbered as they come
}
