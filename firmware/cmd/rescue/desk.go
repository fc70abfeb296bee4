package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/centralita/centralita/board/abslot"
	"github.com/centralita/centralita/firmware/rescue"
	"github.com/centralita/centralita/firmware/stick"
	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotkeeper"
	"github.com/centralita/centralita/hal/slot"
)

// desk talks at the serial line about the slots of a disk.
func desk(args []string) error {
	path, why, folder := args[0], args[1], args[2]
	stopDog()
	cmdline, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return fmt.Errorf("cannot read what the boot loader said: %w", err)
	}
	b := rescue.Box{Why: why, Reboot: reboot, Erase: func() error {
		disk, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return fmt.Errorf("cannot open the disk: %w", err)
		}
		return errors.Join(wipeData(disk), disk.Close())
	}}
	k, err := slots(path, folder, string(cmdline))
	if err != nil { // the desk stays open: erasing may still help
		b.Why += "; " + err.Error()
		b.Ask = func(context.Context, string, any, func(json.RawMessage), any) error { return err }
	} else {
		b.Ask = k.ask
	}
	return b.Serve(context.Background(), os.Stdin, os.Stdout)
}

// desker asks the slots' keeper without a socket between.
type desker struct{ handlers map[string]slotkeeper.Handler }

func slots(path, folder, cmdline string) (desker, error) {
	disk, err := abslot.Open(path)
	if err != nil {
		return desker{}, err
	}
	keys, err := ctl.LoadKeys(os.DirFS("/etc/centralita/keys"))
	if err != nil {
		return desker{}, err
	}
	board, err := os.ReadFile("/etc/centralita/board")
	if err != nil {
		return desker{}, fmt.Errorf("cannot read which board this is: %w", err)
	}
	boot, running := told(cmdline)
	k, err := slotkeeper.New(slotkeeper.Config{Disk: disk, Keys: keys, Board: strings.TrimSpace(string(board)), Boot: boot, Running: running,
		Inbox: folder, Sticks: stick.Of("/run/stick"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return desker{}, err
	}
	return desker{k.Handlers()}, nil
}

// told reads what the boot script told the kernel: its own number, and the slot.
func told(cmdline string) (boot uint64, running slot.ID) {
	for word := range strings.FieldsSeq(cmdline) {
		if v, ok := strings.CutPrefix(word, "centralita.boot="); ok {
			boot, _ = strconv.ParseUint(v, 10, 64) // 0: not known
		}
		if v, ok := strings.CutPrefix(word, "centralita.slot="); ok {
			running, _ = slot.Parse(v) // none: the recovery
		}
	}
	return boot, running
}

// ask implements rescue.Box.Ask.
func (d desker) ask(ctx context.Context, name string, ask any, progress func(json.RawMessage), reply any) error {
	params, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	got, err := d.handlers[name](ctx, params, func(v any) {
		if text, err := json.Marshal(v); err == nil && progress != nil {
			progress(text)
		}
	})
	if err != nil || reply == nil {
		return err
	}
	text, err := json.Marshal(got)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, reply)
}
