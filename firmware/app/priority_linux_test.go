package app

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/board"
)

// TestOneThreadInRealTime asks the kernel: one thread gets the priority and gives it
// back, or the kernel refuses it by EPERM, which is what hurry takes for "not permitted".
func TestOneThreadInRealTime(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	me := unix.Gettid()
	before, err := unix.SchedGetAttr(me, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := realTime(me); errors.Is(err, unix.EPERM) {
		t.Logf("not permitted here: %v", err)
		return
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.SchedSetAttr(me, before, 0); err != nil {
			t.Error("cannot give the priority back: ", err)
		}
	}()
	if got, err := unix.SchedGetAttr(me, 0); err != nil || got.Policy != unix.SCHED_RR || got.Priority != priority {
		t.Errorf("the thread has policy %d, priority %d, %v", got.Policy, got.Priority, err)
	}
}

// TestEachThread: every thread that the kernel lists is asked once, one that has
// ended is no trouble, and the first refusal ends it.
func TestEachThread(t *testing.T) {
	var asked []string
	if err := eachThread(func(tid int) error { asked = append(asked, strconv.Itoa(tid)); return unix.ESRCH }); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(asked, entries[0].Name()) || len(asked) < 2 {
		t.Errorf("asked %v; the kernel has %d threads, the first is %s", asked, len(entries), entries[0].Name())
	}
	slices.Sort(asked)
	if n := len(asked); len(slices.Compact(asked)) != n {
		t.Errorf("some were asked twice: %v", asked)
	}
	count := 0
	err = eachThread(func(int) error { count++; return unix.EPERM })
	if !errors.Is(err, unix.EPERM) || count != 1 {
		t.Errorf("a refusal: %v after %d", err, count)
	}
}

// TestNobodyHurriesUnasked: without the limit even root's program stays ordinary.
func TestNobodyHurriesUnasked(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_RTPRIO, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur >= priority {
		t.Skip("whoever started this test permits real time: ulimit -r 0 runs it")
	}
	if r := hurry(); r.State != board.Loaded || !strings.Contains(r.What, "LimitRTPRIO") {
		t.Errorf("without permission: %s", r)
	}
	if got, err := unix.SchedGetAttr(0, 0); err != nil || got.Policy == unix.SCHED_RR {
		t.Errorf("a thread has policy %d, %v", got.Policy, err)
	}
}
