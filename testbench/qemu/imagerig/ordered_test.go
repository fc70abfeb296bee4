package main

import "testing"

// A book is closed when nothing of SQLite's stands beside it.
func TestBookClosed(t *testing.T) {
	const whole = " /12/040700/100/100/./4096/\n /13/100600/100/100/book.db/81920/\n"
	if err := bookClosed(whole); err != nil {
		t.Error(err)
	}
	for what, list := range map[string]string{"a log": whole + " /14/100600/100/100/book.db-wal/0/\n", "shared memory": whole + " /15/100600/100/100/book.db-shm/32768/\n",
		"no book": " /12/040700/100/100/./4096/\n"} {
		if bookClosed(list) == nil {
			t.Errorf("%s: it counts as closed", what)
		}
	}
}
