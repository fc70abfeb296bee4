//go:build !race

package media_test

// racing tells that the race detector runs, which allocates by itself.
const racing = false
