// A PID controller whose integral stops where the output does.
#pragma once

struct PidGains {
  float p, i, d;
};

struct Pid {
  PidGains gains;
  float low, high;
  float integral;
  float last_error;
  bool first;
};

/// @param dt seconds since the last step
/// @return the output, between pid.low and pid.high
float pid_step(Pid &pid, float error, float dt);

void pid_reset(Pid &pid);
