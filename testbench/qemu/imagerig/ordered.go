package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// endLimit is how long an ordered end may take: ours has eight seconds to say goodbye.
const endLimit = time.Minute

// ordered ends a box as one should, by a restart and by switching off: the program has
// ended, the book is closed, and the data was unmounted.
func (r *rig) ordered(ctx context.Context) error {
	card, err := r.cardOf("ordered.img", r.path("set.img"))
	if err != nil {
		return err
	}
	for _, command := range []string{"reboot now", "poweroff now"} {
		var took time.Duration
		err := r.with(ctx, append(plain(card), "-no-reboot"), func(b *box) error {
			if _, err := b.started(ctx); err != nil {
				return err
			}
			if err := b.login(ctx); err != nil {
				return err
			}
			begin := time.Now()
			if err := b.keys(command + "\r"); err != nil {
				return err
			}
			select {
			case <-b.ended:
				took = time.Since(begin)
				return b.end
			case <-time.After(endLimit):
				return fmt.Errorf("it goes on %v after the order; its last words:\n%s", endLimit, b.last(12))
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if err == nil {
			err = r.closed(ctx, card)
		}
		r.held("ordered end: "+command, err, "%.1f s; data unmounted, book closed", took.Seconds())
	}
	return nil
}

// journal is in the features of an ext4 that was not unmounted.
var journal = regexp.MustCompile(`(?m)^Filesystem features:.*needs_recovery`)

// closed says by an error what of a card's data was open when it ended.
func (r *rig) closed(ctx context.Context, card string) error {
	part, err := r.dataOf(card)
	if err != nil {
		return err
	}
	head, err := exec.CommandContext(ctx, "dumpe2fs", "-h", part).Output()
	if err != nil {
		return fmt.Errorf("dumpe2fs: %w", err)
	}
	if journal.Match(head) || !strings.Contains(string(head), "Filesystem state:         clean") {
		return errors.New("the data partition was not unmounted")
	}
	// Before the book is examined: that opens it.
	list, err := exec.CommandContext(ctx, "debugfs", "-R", "ls -p /centralita", part).Output()
	if err != nil {
		return fmt.Errorf("the data cannot be read: %w", err)
	}
	if err := bookClosed(string(list)); err != nil {
		return err
	}
	return r.examine(ctx, card)
}

// bookClosed looks at a folder's list by debugfs, /inode/mode/user/group/name/size/ a
// line. SQLite takes the files beside a book away when the last one closes it.
func bookClosed(list string) error {
	book := false
	for l := range strings.Lines(list) {
		w := strings.Split(strings.TrimSpace(l), "/")
		if len(w) < 7 {
			continue
		}
		switch w[5] {
		case "book.db":
			book = true
		case "book.db-wal", "book.db-shm":
			return fmt.Errorf("the book was not closed: %s has %s bytes", w[5], w[6])
		}
	}
	if !book {
		return errors.New("there is no book")
	}
	return nil
}
