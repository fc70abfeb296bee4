package app

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkStart starts the built program with the small office and reports how
// long it takes until it says ready, and its memory at rest a second later.
func BenchmarkStart(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "centralita")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", bin, "../cmd/centralita").CombinedOutput(); err != nil {
		b.Fatalf("cannot build the program: %v\n%s", err, out)
	}
	var ready time.Duration
	var rss float64
	n := 0
	for b.Loop() {
		r, m := startOnce(b, bin)
		ready, rss = ready+r, rss+m
		n++
	}
	b.ReportMetric(float64(ready.Microseconds())/1000/float64(n), "ms/ready")
	b.ReportMetric(rss/float64(n), "MiB-at-rest")
}

func startOnce(b *testing.B, bin string) (ready time.Duration, rss float64) {
	cmd := exec.Command(bin, "run", "--config", "../../board/sim/office.yaml", "--data", b.TempDir(), "--sip", "127.0.0.1:0", "--web", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	s := bufio.NewScanner(out)
	for s.Scan() && !strings.HasPrefix(s.Text(), "ready") {
	}
	ready = time.Since(began)
	<-time.After(time.Second)
	rss = resident(b, cmd.Process.Pid)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	for s.Scan() { // until it closes its output
	}
	if err := cmd.Wait(); err != nil {
		b.Fatalf("the program ended with %v", err)
	}
	return ready, rss
}

// resident is the memory of a process in MiB, as Linux counts it.
func resident(b *testing.B, pid int) float64 {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb / 1024
		}
	}
	b.Fatal("the kernel does not tell the resident memory")
	return 0
}
