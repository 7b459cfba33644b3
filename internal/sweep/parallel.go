package sweep

import (
	"flag"
	"strconv"
)

// Parallel lets tests that mostly wait run n at a time, unless the command line says how
// many. TestMain calls it before it runs them.
func Parallel(n int) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if chosen {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(n)); err != nil {
		panic(err)
	}
}
