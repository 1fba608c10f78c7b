{{/* What all pods have in common, as far as it stands beside their containers. Takes the root. */}}
{{- define "aisle.pod" -}}
automountServiceAccountToken: false
# Kubernetes would set AISLE_GATEWAY_PORT and the like to tcp://…, and those names are settings of Aisle.
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.user.id | int64 }}
  runAsGroup: {{ .Values.user.group | int64 }}
  fsGroup: {{ .Values.user.group | int64 }}
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What all containers have in common. Takes the root. */}}
{{- define "aisle.container" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
workingDir: /app
command: [node, aisle.ts]
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- define "aisle.databaseEnv" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.existingSecret | quote }}
      key: {{ .Values.database.key | quote }}
{{- end }}

{{- define "aisle.readDatabaseEnv" -}}
{{- with .Values.database.readReplica }}
{{- if .existingSecret }}
- name: AISLE_READ_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | quote }}
      key: {{ .key | quote }}
- name: AISLE_READ_LAG
  value: {{ .lagMs | int64 | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The secret by which the gateway vouches for its callers. Takes the root. */}}
{{- define "aisle.contextEnv" -}}
{{- with .Values.identity.contextSecret }}
{{- if .existingSecret }}
- name: AISLE_CONTEXT_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | quote }}
      key: {{ .key | quote }}
{{- end }}
{{- end }}
{{- end }}
