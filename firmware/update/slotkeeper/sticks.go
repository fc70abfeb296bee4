package slotkeeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotwire"
)

// Ending is how the names of bundles end.
const Ending = ".ctl"

// maxFound bounds what is told of the sticks.
const maxFound = 32

// Sticks finds the USB sticks of the machine.
type Sticks interface {
	// Each mounts each stick in turn, read-only, without devices, set-user-id or
	// programs on it, calls f with the folder, and unmounts it. It ends when f says
	// so. A stick that cannot be mounted is told in the error, and the next is tried.
	Each(ctx context.Context, f func(device, dir string) (done bool, err error)) error
}

// eachStick calls f with the folder of each stick.
func (k *Keeper) eachStick(ctx context.Context, f func(device string, root *os.Root) (bool, error)) error {
	if k.Sticks == nil {
		return errors.New("cannot look for USB sticks: this machine has no place for any")
	}
	return k.Sticks.Each(ctx, func(device, dir string) (bool, error) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return false, fmt.Errorf("cannot open the stick %s: %w", device, err)
		}
		defer root.Close()
		return f(device, root)
	})
}

// usb lists the bundles on sticks.
func (k *Keeper) usb(ctx context.Context, _ json.RawMessage, _ func(any)) (any, error) {
	found := []slotwire.Found{}
	err := k.eachStick(ctx, func(device string, root *os.Root) (bool, error) {
		names, err := fs.ReadDir(root.FS(), ".")
		if err != nil {
			return false, fmt.Errorf("cannot read the stick %s: %w", device, err)
		}
		for _, n := range names {
			if len(found) == maxFound {
				return true, nil
			}
			// A computer leaves ._x.ctl beside x.ctl.
			if strings.HasSuffix(strings.ToLower(n.Name()), Ending) && !strings.HasPrefix(n.Name(), ".") {
				found = append(found, k.judge(device, root, n.Name()))
			}
		}
		return false, nil
	})
	if len(found) > 0 {
		err = nil // of another stick
	}
	return found, err
}

// judge reads the header of a bundle on a stick.
func (k *Keeper) judge(device string, root *os.Root, name string) slotwire.Found {
	out := slotwire.Found{Device: device, File: name}
	refused := func(err error) slotwire.Found {
		var r *ctl.Refusal
		if !errors.As(err, &r) {
			r = &ctl.Refusal{Code: "unreadable", ES: "no se puede leer: " + err.Error(), EN: err.Error()}
		}
		out.Refused = r
		return out
	}
	f, err := openIn(root, name)
	if err != nil {
		return refused(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		out.Size = info.Size()
	}
	h, err := ctl.ReadHeader(f)
	if err != nil {
		return refused(err)
	}
	m, err := h.Verify(k.Keys)
	if err != nil {
		return refused(err)
	}
	out.News = &m
	return out
}
