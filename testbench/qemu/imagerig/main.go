// Command imagerig holds the card of tools/image against what it promises, in QEMU's
// virtual arm64 machine with Debian's U-Boot: first start, claim, update, fall-back,
// watchdog, power cuts, recovery. It prints what became of each, and ends with 0 when
// all passed.
//
//	go run ./testbench/qemu/imagerig            # all
//	go run ./testbench/qemu/imagerig -quick     # first start, claim, set-up, one update
//
// A power cut is two things here. Some are real: the emulator is killed and the same disk
// starts again. Most are made from a log of the disk's writes (QEMU's blklogwrites): the
// disk as it would be behind any write, of which those that were not flushed yet are lost
// by lot, and the last may be torn. Each such disk is examined (boot record, slot, file
// system, book, configuration), and by lot some of them are started.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/centralita/centralita/tools/debian"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	r := &rig{out: os.Stdout, begin: time.Now()}
	flag.StringVar(&r.dir, "dir", "artefacts/imagerig", "where it works")
	flag.BoolVar(&r.quick, "quick", false, "a part that takes a few minutes")
	flag.BoolVar(&r.all, "v", false, "print the serial line")
	flag.BoolVar(&r.keep, "keep", false, "take the images of the last run")
	flag.Uint64Var(&r.seed, "seed", 1, "of the power cuts")
	flag.IntVar(&r.cuts, "cuts", 400, "power cuts that are examined")
	flag.IntVar(&r.starts, "starts", 52, "power cuts whose disk is started, besides")
	flag.IntVar(&r.scripts, "scripts", 40, "starts of the boot script with records by lot, besides those that are written down")
	flag.DurationVar(&r.idle, "idle", 5*time.Minute, "how long an idle box is watched for what it writes")
	only := flag.String("only", "", "steps, by their names, with commas between")
	inside := flag.String("inside", "", "for the rig itself: a step in a network of its own")
	flag.Parse()
	if *inside != "" {
		os.Exit(r.insideMain(*inside))
	}
	r.only = strings.FieldsFunc(*only, func(c rune) bool { return c == ',' })
	err := r.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "imagerig:", err)
	}
	if !r.verdict() || err != nil {
		os.Exit(1)
	}
}

// rig is one run.
type rig struct {
	dir          string
	quick        bool
	all, keep    bool
	seed         uint64
	cuts, starts int
	scripts      int
	idle         time.Duration
	only         []string
	out          io.Writer
	begin        time.Time

	image   string // folder of the image with number 100
	tree    string // the machine's device tree
	program string // ours, for this machine
	tap     string // the wire's end here; "": QEMU's own network
	rows    []row
}

// row is one thing that was looked at.
type row struct {
	What, Found string
	Good        bool
}

func (r *rig) say(format string, args ...any) {
	fmt.Fprintf(r.out, "%7.1f s  "+format+"\n", append([]any{time.Since(r.begin).Seconds()}, args...)...)
}

// passed notes a thing that is as it should be.
func (r *rig) passed(what, format string, args ...any) {
	r.rows = append(r.rows, row{what, fmt.Sprintf(format, args...), true})
	r.say("ok    %s: %s", what, r.rows[len(r.rows)-1].Found)
}

// held notes what became of a thing.
func (r *rig) held(what string, err error, format string, args ...any) {
	if err == nil {
		r.passed(what, format, args...)
		return
	}
	r.rows = append(r.rows, row{what, err.Error(), false})
	r.say("WRONG %s: %v", what, err)
}

// verdict prints the table.
func (r *rig) verdict() bool {
	bad := 0
	fmt.Fprintln(r.out)
	for _, w := range r.rows {
		mark := "ok   "
		if !w.Good {
			mark = "WRONG"
			bad++
		}
		first, _, _ := strings.Cut(w.Found, "\n")
		if long := []rune(first); len(long) > 200 {
			first = string(long[:200]) + " …"
		}
		fmt.Fprintf(r.out, "%s  %-46s %s\n", mark, w.What, first)
	}
	fmt.Fprintf(r.out, "%d things, %d wrong, %.0f s\n", len(r.rows), bad, time.Since(r.begin).Seconds())
	return bad == 0 && len(r.rows) > 0
}

// host programs and their packages.
var host = [][2]string{{"qemu-system-aarch64", "qemu-system-arm"}, {"qemu-img", "qemu-utils"}, {"fdtput", "device-tree-compiler"},
	{"mformat", "mtools"}, {"e2fsck", "e2fsprogs"}, {"debugfs", "e2fsprogs"}}

func (r *rig) prepare(ctx context.Context) error {
	var lack []string
	for _, h := range host {
		if _, err := exec.LookPath(h[0]); err != nil {
			if _, err := os.Stat("/usr/sbin/" + h[0]); err != nil {
				lack = append(lack, h[1])
			}
		}
	}
	if lack != nil {
		r.say("installing %s", strings.Join(lack, " "))
		if err := debian.Install(ctx, lack); err != nil {
			return err
		}
	}
	var err error
	if r.dir, err = filepath.Abs(r.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return fmt.Errorf("cannot make a place to work: %w", err)
	}
	r.program = filepath.Join(r.dir, "centralita-"+runtime.GOARCH)
	if err := r.tool(ctx, "go", "build", "-o", r.program, "./firmware/cmd/centralita"); err != nil {
		return err
	}
	if err := r.images(ctx); err != nil {
		return err
	}
	r.tree = filepath.Join(r.dir, "machine.dtb")
	return makeTree(ctx, filepath.Join(r.image, "u-boot.bin"), r.tree)
}

// tool runs a program of the host's.
func (r *rig) tool(ctx context.Context, program string, args ...string) error {
	if out, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(program), strings.Join(args, " "), err, out[max(0, len(out)-2000):])
	}
	return nil
}

// step is a part of a run.
type step struct {
	name  string
	quick bool
	do    func(context.Context) error
}

func (r *rig) run(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	for _, s := range []step{
		{"same", false, r.sameTwice}, {"first", true, r.firstStart}, {"visit", true, r.transcripts}, {"prompt", false, r.noPrompt},
		{"site", false, r.provisioned}, {"ports", false, r.ports}, {"ordered", false, r.ordered},
		{"confined", true, r.confined}, {"strangers", false, r.strangers}, {"refused", false, r.refused},
		{"script", false, r.script},
		{"update", true, r.update}, {"broken", false, r.broken}, {"hanging", false, r.hanging}, {"sick", false, r.sick},
		{"recovery", false, r.recovery}, {"silent", false, r.silent}, {"killed", false, r.killed},
		{"random", false, r.random}, {"idle", false, r.idleWrites}, {"cuts", false, r.powerCuts},
	} {
		if r.quick && !s.quick || len(r.only) > 0 && !contains(r.only, s.name) {
			continue
		}
		r.say("step %s", s.name)
		if err := s.do(ctx); err != nil {
			r.held(s.name, err, "")
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
