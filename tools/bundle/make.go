package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
)

// makeBundle packs a slot image.
func makeBundle(args []string, out io.Writer) error {
	f := newFlags("make")
	var m ctl.Manifest
	made := instant{time.Now().Truncate(time.Second)}
	image := f.String("image", "", "the slot image")
	coding := f.String("coding", "gzip", "how it is stored: gzip or none")
	sbom := f.String("sbom", "", "the list of parts inside, of which the sum is kept")
	f.StringVar(&m.Board, "board", "", "the board it is for")
	f.StringVar(&m.Version, "version", "", "for people")
	f.Uint64Var(&m.Number, "number", 0, "grows with each release")
	f.Uint64Var(&m.Floor, "floor", 0, "the lowest number that may follow once this one is trusted")
	f.Uint64Var(&m.MinBoot, "min-boot", 0, "the oldest boot script that can start it")
	f.StringVar(&m.NewsES, "news-es", "", "one line for people, in Spanish")
	f.StringVar(&m.NewsEN, "news-en", "", "one line for people, in English")
	f.Var(&made, "made", "when it was made; the same inputs make the same bundle")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *image == "" || f.out == "" || f.NArg() > 0 {
		return errors.New("cannot make a bundle without --image and --out")
	}
	m.Made, m.Expires, m.Rollout = made.Time, f.expires.Time, f.rollout.to
	if *sbom != "" {
		b, err := os.ReadFile(*sbom)
		if err != nil {
			return fmt.Errorf("cannot read the list of parts: %w", err)
		}
		m.SBOM = fmt.Sprintf("%x", sha256.Sum256(b))
	}
	src, err := os.Open(*image)
	if err != nil {
		return fmt.Errorf("cannot read the slot image: %w", err)
	}
	defer src.Close()
	packed, err := os.CreateTemp(filepath.Dir(f.out), ".bundle-*")
	if err != nil {
		return fmt.Errorf("cannot pack beside the bundle: %w", err)
	}
	defer os.Remove(packed.Name())
	defer packed.Close()
	if m.Payload, err = ctl.Pack(packed, src, *coding); err != nil {
		return err
	}
	h, err := ctl.NewHeader(m)
	if err != nil {
		return err
	}
	if _, err := packed.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("cannot read back what was packed: %w", err)
	}
	return write(f, h, packed, out)
}

// sign adds a signature, or makes another manifest for the same payload.
func sign(args []string, out io.Writer) error {
	f := newFlags("sign")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return errors.New("cannot sign without a bundle: bundle sign --key FILE x.ctl")
	}
	src, err := os.Open(f.Arg(0))
	if err != nil {
		return fmt.Errorf("cannot read the bundle: %w", err)
	}
	defer src.Close()
	h, err := ctl.ReadHeader(src)
	if err != nil {
		return err
	}
	m, err := h.Unverified()
	if err != nil {
		return err
	}
	if f.rollout.set || !f.expires.IsZero() {
		if f.rollout.set {
			m.Rollout = f.rollout.to
		}
		if !f.expires.IsZero() {
			m.Expires = f.expires.Time
		}
		if h, err = ctl.NewHeader(m); err != nil {
			return err
		}
	}
	if f.out == "" {
		f.out = f.Arg(0)
	}
	return write(f, h, src, out)
}

// write signs and writes a bundle beside its place, reads it as a box would, and
// puts it there.
func write(f *flags, h ctl.Header, payload io.Reader, out io.Writer) error {
	h, err := h.Signed(f.keys...)
	if err != nil {
		return err
	}
	dst, err := os.CreateTemp(filepath.Dir(f.out), ".bundle-*")
	if err != nil {
		return fmt.Errorf("cannot write the bundle: %w", err)
	}
	defer os.Remove(dst.Name()) // nothing is left there when all went well
	_, err = h.WriteTo(dst)
	if err == nil {
		_, err = io.Copy(dst, payload)
	}
	if err = errors.Join(err, dst.Chmod(0o644), dst.Sync(), dst.Close()); err != nil {
		return fmt.Errorf("cannot write the bundle: %w", err)
	}
	if err := describe(dst.Name(), nil, out); err != nil {
		return err
	}
	if err := os.Rename(dst.Name(), f.out); err != nil {
		return fmt.Errorf("cannot write the bundle: %w", err)
	}
	return nil
}

// show prints a bundle.
func show(args []string, out io.Writer) error {
	f := newFlags("show")
	dir := f.String("keys", "", "folder of the *.pub files of a box: verify the signatures")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return errors.New("cannot show without a bundle: bundle show x.ctl")
	}
	var keys *ctl.Keys
	if *dir != "" {
		var err error
		if keys, err = ctl.LoadKeys(os.DirFS(*dir)); err != nil {
			return err
		}
	}
	return describe(f.Arg(0), keys, out)
}

// describe reads a whole bundle and prints what it says. Without keys its
// signatures are only listed.
func describe(path string, keys *ctl.Keys, out io.Writer) error {
	src, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot read the bundle: %w", err)
	}
	defer src.Close()
	h, err := ctl.ReadHeader(src)
	if err != nil {
		return err
	}
	m, err := h.Unverified()
	trust := "not looked at; --keys DIR looks"
	if err == nil && keys != nil {
		trust = fmt.Sprintf("good for a box that asks for %d of the %d in the folder", keys.Threshold, keys.Len())
		m, err = h.Verify(keys)
	}
	if err == nil {
		err = ctl.Unpack(io.Discard, src, m.Payload)
	}
	if err != nil {
		return err
	}
	expires := "never"
	if !m.Expires.IsZero() {
		expires = m.Expires.UTC().Format(time.RFC3339)
	}
	reach := "everybody"
	if len(m.Rollout) > 0 {
		reach = fmt.Sprintf("canary %d %%, early %d %%, broad %d %%", m.Rollout[ctl.Canary], m.Rollout[ctl.Early], m.Rollout[ctl.Broad])
	}
	ids := h.Signers()
	slices.SortFunc(ids, func(a, b ctl.KeyID) int { return slices.Compare(a[:], b[:]) })
	for _, row := range [][2]any{
		{"board", m.Board}, {"version", m.Version}, {"number", m.Number}, {"floor", m.Floor}, {"made", m.Made.UTC().Format(time.RFC3339)}, {"expires", expires},
		{"boot script", m.MinBoot}, {"image", fmt.Sprintf("%d bytes, SHA-256 %s", m.Payload.Size, m.Payload.SHA256)},
		{"stored", fmt.Sprintf("%d bytes, %s; whole", m.Payload.Stored, m.Payload.Coding)}, {"parts", m.SBOM}, {"reaches", reach},
		{"noticias", m.NewsES}, {"news", m.NewsEN}, {"signed by", ids}, {"signatures", trust},
	} {
		if row[1] != "" {
			fmt.Fprintf(out, "%-12s %v\n", row[0], row[1])
		}
	}
	return nil
}
