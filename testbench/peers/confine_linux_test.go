package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/confine"
	"github.com/centralita/centralita/testbench/linesim"
)

// Every daemon of these tests runs confined, as in the box's image. Here one says so, the
// kernel says so of each of its threads, and it keeps saying so, taking calls, after it
// began anew in the same process.
func TestTheProgramIsConfined(t *testing.T) {
	if _, err := confine.Version(); err != nil {
		t.Skipf("%v; a kernel with Landlock runs this, Debian 12's is one", err)
	}
	t.Parallel()
	d := NewDaemon(t, bin, document)
	held := func() {
		t.Helper()
		out, code := d.Run("board", "--json")
		if code != 0 || !strings.Contains(out, `"port":"confinement","state":"loaded"`) {
			t.Fatalf("%d %s", code, out)
		}
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", d.cmd.Process.Pid))
		if err != nil || len(threads) < 3 {
			t.Fatalf("%d threads, %v", len(threads), err)
		}
		for _, name := range threads {
			text, err := os.ReadFile(name)
			if err != nil {
				continue // it has ended
			}
			for _, line := range []string{"NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
				if !strings.Contains(string(text), line) {
					t.Errorf("%s does not say %q", name, line)
				}
			}
		}
	}
	call := func() {
		t.Helper()
		line, err := d.Copper().Line(1)
		must(t, err)
		c, err := line.Call(linesim.Caller{Number: "600123456"})
		must(t, err)
		_, err = c.WaitAnswer(soon(t))
		must(t, err)
		must(t, c.WaitSpeech(soon(t), 0))
		c.HangUp()
	}
	held()
	call()
	d.Ended(1)
	before := d.cmd.Process.Pid
	if out, code := d.Run("reboot", "now"); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	Until(t, "the house has begun anew", 30*time.Second, func() bool { return strings.Count(d.out.String(), "ready in") == 2 })
	if d.cmd.Process.Pid != before {
		t.Error("it is another process")
	}
	held()
	call()
	d.Ended(2)
}
