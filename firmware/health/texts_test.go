package health

import (
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/view"
)

// The conditions of the machine and its clock speak both languages and fit a card of
// the wall.
func TestMachineTexts(t *testing.T) {
	used := 110
	for _, c := range []Condition{ClockRestored(), ClockDoubt(time.Now(), "antes de que se escribiera este programa", "more than a day from a time that is trusted"), Crashed(),
		StorageWorn(view.Storage{Device: "mmcblk0", Used: &used}), StorageWorn(view.Storage{Device: "mmcblk0", Spares: "urgent"}),
		StorageBusy(view.Storage{Device: "mmcblk0", PerDay: 123e9}), MemoryLow(31 << 20), TicksLate(1000), NotProvisioned(), NotWiped(), Unreachable(netip.MustParseAddr("192.168.100.115")), BookGap(3), UplinkDown("sede", 214, "", ""), SyslogDown("logs.example.net:6514", 3, "", ""),
		UplinkDown("sede", 214, "su certificado caducó el 2026-11-28", "certificate expired on 2026-11-28"),
		SyslogDown("logs.example.net:6514", 3, "su certificado caducó el 2026-11-28", "certificate expired on 2026-11-28")} {
		for _, s := range []string{c.ES, c.EN, c.HintES, c.HintEN} {
			if s == "" || utf8.RuneCountInString(s) > 80 {
				t.Errorf("%s: text %q", c.ID, s)
			}
		}
		if c.ID == "" || c.Rank < view.Attention || c.ES == c.EN || c.HintES == c.HintEN || !strings.HasSuffix(c.HintES, ".") || !strings.HasSuffix(c.HintEN, ".") {
			t.Errorf("%+v", c)
		}
	}
	if StorageWorn(view.Storage{Spares: "urgent"}).Rank != view.Urgent {
		t.Error("no spare blocks are not urgent")
	}
}

// What the machine shows stands in the register while it holds.
func TestMachineHolds(t *testing.T) {
	for id, s := range map[string]view.Snapshot{
		"wear":   {Machine: &view.Machine{Storage: &view.Storage{Worn: true}}},
		"writes": {Machine: &view.Machine{Storage: &view.Storage{Often: true}}},
		"memory": {Machine: &view.Machine{MemoryLow: true}},
		"ticks":  {Media: view.Media{Tardy: 12, Late: true}},
		"clock":  {Clock: "restored"},
		"gap":    {Book: view.Book{Missing: 3}},
	} {
		var r Register
		r.Begin(noon)
		r.House(noon, &s)
		if a := r.Alarms(); len(a) != 1 || a[0].ID != id {
			t.Errorf("%s: %+v", id, a)
		}
		r.House(noon, &view.Snapshot{Machine: &view.Machine{Storage: &view.Storage{}}})
		if a := r.Alarms(); len(a) != 0 {
			t.Errorf("%s stays: %+v", id, a)
		}
	}
}
