package command_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/internal/groupname"
)

// BenchmarkManyGroups reads what people type in an organization with 5,000 groups of similar
// names. ns/op is the mean of all texts; slowest-ms is the one that took longest.
func BenchmarkManyGroups(b *testing.B) {
	known := berlin(b)
	for i := range 5000 {
		name := fmt.Sprintf("Team %d", i)
		if i%2 == 0 {
			name = fmt.Sprintf("Department %d Robots", i)
		}
		known.Groups = append(known.Groups, groupname.Group(fmt.Sprintf("id-%d", i), name))
	}
	var texts []string
	for _, file := range []string{"hundred", "hundred-sentences", "hundred-chats"} {
		data, err := os.ReadFile("testdata/" + file + ".txt")
		if err != nil {
			b.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if at := strings.LastIndex(line, " -> "); at >= 0 && !strings.HasPrefix(line, "#") {
				texts = append(texts, line[:at])
			}
		}
	}
	took := make([]time.Duration, len(texts))
	for b.Loop() {
		for i, text := range texts {
			began := time.Now()
			_, _ = known.Parse("/allocate", text)
			took[i] = time.Since(began)
		}
	}
	worst := slices.Index(took, slices.Max(took))
	b.Logf("slowest: %v for %q", took[worst], texts[worst])
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "slowest-ms")
}
