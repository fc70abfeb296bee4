package stick

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// Handler answers a request; it has the shape of keeper.Handler.
type Handler = func(ctx context.Context, params json.RawMessage, progress func(any)) (any, error)

// Keeper answers the requests, with root's rights.
type Keeper struct {
	Data   string // the program's data folder
	Sticks *Sticks
}

// Handlers are the requests by their names.
func (k *Keeper) Handlers() map[string]Handler {
	return map[string]Handler{Put: k.put, Get: k.get}
}

// Room that is left free.
const (
	spareStick = 1 << 20
	spareBox   = 64 << 20
)

// decode reads what came with a request, strictly.
func decode(params json.RawMessage, v any) error {
	d := json.NewDecoder(bytes.NewReader(params))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("cannot read the request: %w", err)
	}
	return nil
}

// put copies a file of the folder to the only stick.
func (k *Keeper) put(ctx context.Context, params json.RawMessage, progress func(any)) (any, error) {
	var ask PutAsked
	if err := decode(params, &ask); err != nil {
		return nil, err
	}
	if err := CheckName(ask.File); err != nil {
		return nil, err
	}
	from, err := k.folder()
	if err != nil {
		return nil, err
	}
	defer from.Close()
	src, size, err := plain(from, ask.File)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	out := Moved{File: ask.File, Size: size}
	sum := sha256.New()
	p := &pace{ctx: ctx, tell: progress}
	write := func(device, dir string) error {
		out.Device = device
		return onStick(device, dir, func(root *os.Root) error {
			p.begin(Writing, size)
			return p.store(root, ask.File, io.TeeReader(src, sum), size)
		})
	}
	check := func(device, dir string) error {
		return onStick(device, dir, func(root *os.Root) error {
			f, have, err := plain(root, ask.File)
			if err != nil {
				return err
			}
			defer f.Close()
			p.begin(Verifying, size)
			again := sha256.New()
			if _, err := io.Copy(again, p.reader(f)); err != nil {
				return err
			}
			if have != size || !bytes.Equal(again.Sum(nil), sum.Sum(nil)) {
				return notice("la memoria USB %[1]s no devuelve lo que se escribió: está gastada o es falsa; use otra", "the USB stick %[1]s does not give back what was written: it is worn out or a fake; take another", device)
			}
			return nil
		})
	}
	return out, k.Sticks.Write(ctx, write, check)
}

// get copies a file of a stick into the folder, for the program's user.
func (k *Keeper) get(ctx context.Context, params json.RawMessage, progress func(any)) (any, error) {
	var ask GetAsked
	if err := decode(params, &ask); err != nil {
		return nil, err
	}
	if ask.File != "" {
		if err := CheckName(ask.File); err != nil {
			return nil, err
		}
	}
	device, name, err := k.search(ctx, ask.File)
	if err != nil {
		return nil, err
	}
	to, err := k.folder()
	if err != nil {
		return nil, err
	}
	defer to.Close()
	out := Moved{Device: device, File: name}
	err = k.Sticks.Each(ctx, func(at, dir string) (bool, error) {
		if at != device {
			return false, nil
		}
		return true, onStick(device, dir, func(root *os.Root) error {
			f, size, err := plain(root, name)
			if err != nil {
				return err
			}
			defer f.Close()
			out.Size = size
			p := &pace{ctx: ctx, tell: progress}
			p.begin(Reading, size)
			return k.fetch(to, name, p.reader(f), size)
		})
	})
	return out, err
}

// search finds a file on a stick, or the only backup.
func (k *Keeper) search(ctx context.Context, name string) (device, file string, err error) {
	var found []string
	err = k.Sticks.Each(ctx, func(at, dir string) (bool, error) {
		return false, onStick(at, dir, func(root *os.Root) error {
			all, err := fs.ReadDir(root.FS(), ".")
			if err != nil {
				return err
			}
			for _, e := range all {
				if name == "" && (!strings.HasSuffix(strings.ToLower(e.Name()), Ending) || CheckName(e.Name()) != nil) || name != "" && !strings.EqualFold(e.Name(), name) || !e.Type().IsRegular() {
					continue
				}
				device, file = at, e.Name()
				found = append(found, file)
			}
			return nil
		})
	})
	switch {
	case len(found) == 1, len(found) > 1 && name != "":
		return device, file, nil // what is wrong with another stick is none of ours
	case len(found) > 1:
		return "", "", notice("hay varias copias en la memoria USB: %[1]s; pista: restore usb:NOMBRE", "there are several backups on the USB stick: %[1]s; hint: restore usb:NAME", strings.Join(found[:min(len(found), 10)], ", "))
	case err != nil:
		return "", "", err
	case name != "":
		return "", "", notice("no hay ningún %[1]s en la memoria USB", "there is no %[1]s on the USB stick", name)
	}
	return "", "", notice("no hay ninguna copia (*%[1]s) en la memoria USB", "there is no backup (*%[1]s) on the USB stick", Ending)
}

// folder opens the folder through which files go. Links of the program's user lead
// nowhere but in his own data folder.
func (k *Keeper) folder() (*os.Root, error) {
	data, err := os.OpenRoot(k.Data)
	if err != nil {
		return nil, fmt.Errorf("cannot open the data folder: %w", err)
	}
	defer data.Close()
	root, err := data.OpenRoot(Folder)
	if err != nil {
		return nil, fmt.Errorf("cannot open the folder %s: %w", Folder, err)
	}
	return root, nil
}

// fetch writes a file into the folder and gives it to whose folder it is.
func (k *Keeper) fetch(to *os.Root, name string, in io.Reader, size int64) error {
	info, err := os.Stat(k.Data)
	if err != nil {
		return fmt.Errorf("cannot look at the data folder: %w", err)
	}
	owner := info.Sys().(*syscall.Stat_t) // it is one on Linux
	if free, err := free(k.Data); err != nil {
		return err
	} else if size > free-spareBox {
		return notice("en la caja no caben %[1]s; quedan %[2]s", "%[1]s do not fit on the box; %[2]s are free", megabytes(size), megabytes(max(0, free-spareBox)))
	}
	if err := to.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := to.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(in, size))
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		err = f.Chown(int(owner.Uid), int(owner.Gid))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, to.Remove(name))
	}
	return nil
}

// onStick opens the folder of a stick for do, and says plainly what the stick did.
func onStick(device, dir string, do func(*os.Root) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("cannot open the USB stick %s: %w", device, err)
	}
	err = errors.Join(do(root), root.Close())
	if _, said := errors.AsType[*Notice](err); said || err == nil {
		return err
	}
	for _, c := range []struct {
		is     error
		es, en string
	}{
		{syscall.ENOSPC, "la memoria USB %[1]s está llena", "the USB stick %[1]s is full"},
		{syscall.EFBIG, "en la memoria USB %[1]s no caben ficheros tan grandes (FAT llega a 4 GB); pista: formato exFAT", "the USB stick %[1]s takes no file as large (FAT ends at 4 GB); hint: format it as exFAT"},
		{syscall.EROFS, "la memoria USB %[1]s ya no se deja escribir: está dañada", "the USB stick %[1]s cannot be written any more: it is damaged"},
		{syscall.EIO, "la memoria USB %[1]s falla, o se sacó antes de tiempo", "the USB stick %[1]s fails, or was pulled out too early"},
		{syscall.ENODEV, "la memoria USB %[1]s se sacó antes de tiempo", "the USB stick %[1]s was pulled out too early"},
	} {
		if errors.Is(err, c.is) {
			return notice(c.es, c.en, device)
		}
	}
	return err
}

// plain opens a file that is one, and no pipe, link or second name of another.
func plain(root *os.Root, name string) (*os.File, int64, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot open %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("cannot open %s: it is no plain file", name)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot open %s: %w", name, err)
	}
	info, err = f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Sys().(*syscall.Stat_t).Nlink != 1) {
		err = fs.ErrInvalid
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("cannot open %s: %w", name, err), f.Close())
	}
	return f, info.Size(), nil
}

// free is how many bytes may still be written below dir.
func free(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("cannot tell how much room there is: %w", err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+999_999)/1_000_000) }

// pace tells progress and ends with its context.
type pace struct {
	ctx  context.Context
	tell func(any)
	at   Progress
	told time.Time
}

const tellEvery = time.Second

func (p *pace) begin(step string, of int64) {
	p.at, p.told = Progress{Step: step, Of: of}, time.Now()
	p.tell(p.at)
}

// done counts bytes.
func (p *pace) done(n int) error {
	p.at.Done += int64(n)
	if now := time.Now(); now.Sub(p.told) >= tellEvery {
		p.told = now
		p.tell(p.at)
	}
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	return nil
}

// reader reads at the pace.
func (p *pace) reader(r io.Reader) io.Reader { return paced{p, r} }

type paced struct {
	p *pace
	r io.Reader
}

func (p paced) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if stop := p.p.done(n); stop != nil {
		return n, stop
	}
	return n, err
}

// syncEvery is after how many bytes the stick is made to write: a slow one with much in
// memory would say nothing for minutes at the end.
const syncEvery = 8 << 20

// store writes a file on a stick: beside, brought to the stick, then by its name.
func (p *pace) store(root *os.Root, name string, in io.Reader, size int64) (err error) {
	if _, err := root.Lstat(name); err == nil {
		return notice("%[1]s ya está en la memoria USB; elija otro nombre", "%[1]s is on the USB stick already; choose another name", name)
	}
	tmp := name + halfway
	if err := root.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a stick that was pulled out
		return err
	}
	room, err := free(root.Name())
	if err != nil {
		return err
	}
	if size > room-spareStick {
		return notice("en la memoria USB no caben %[1]s; quedan %[2]s", "%[1]s do not fit on the USB stick; %[2]s are free", megabytes(size), megabytes(max(0, room-spareStick)))
	}
	f, err := root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, root.Remove(tmp))
		}
	}()
	for at := int64(0); at < size && err == nil; {
		var n int64
		n, err = io.CopyN(f, p.reader(in), min(syncEvery, size-at))
		at += n
		err = errors.Join(err, f.Sync())
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = root.Rename(tmp, name); err != nil {
		return err
	}
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
