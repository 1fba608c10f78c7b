{{/* What the Prometheus operator reads of one role. Takes the dict of aisle.role. */}}
{{- define "aisle.monitor" -}}
{{- with .root.Values.monitoring.serviceMonitor }}
{{- if .enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ printf "%s-%s" (include "aisle.fullname" $.root) $.role }}
  labels:
    {{- include "aisle.labels" $ | nindent 4 }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "aisle.selector" $ | nindent 6 }}
  endpoints:
    - port: http
      path: /metrics
      interval: {{ .interval }}
      honorLabels: true
{{- end }}
{{- end }}
{{- end }}
