/// imprint/robot.h: the Duckiebot: its size, its drive, its camera and lens.
#ifndef IMPRINT_ROBOT_H
#define IMPRINT_ROBOT_H

#include "imprint/base.h"

IMP_API_BEGIN

#define IMP_WHEEL_DISTANCE 0.102          ///< between the wheels [m]
#define IMP_WHEEL_RADIUS 0.0318           ///< [m]
#define IMP_ROBOT_WIDTH 0.15              ///< for collisions and validity [m]
#define IMP_ROBOT_LENGTH 0.18             ///< for collisions and validity [m]
#define IMP_CAMERA_FORWARD 0.066          ///< camera ahead of the centre of rotation [m]
#define IMP_CENTRE_FORWARD (0.066 - 0.09) ///< geometric centre ahead of the centre of rotation [m]
#define IMP_TIME_STEP (1.0 / 30.0)        ///< one simulated frame [s]

// The "DB18" motor model: damping, and gain per duty cycle.
#define IMP_SPEED_DAMPING 5.0 ///< [1/s]
#define IMP_SPEED_GAIN 1.5    ///< [m/s^2]
#define IMP_TURN_DAMPING 4.0  ///< [1/s]
#define IMP_TURN_GAIN 15.0    ///< [rad/s^2]

/// Two wheel duty cycles in [-1, 1].
typedef struct imp_action {
    double left, right;
} imp_action;

/// Within [-1, 1]; NaN becomes 0.
imp_action imp_action_clip(imp_action action);

/// Inverse kinematics of gym-duckietown: forward speed [m/s] and turn rate [rad/s, positive to the
/// left] to clipped duty cycles, with gain 1, trim 0, motor constant 27.
imp_action imp_action_from_velocity(double speed, double turn_rate);
/// The other way round.
void imp_velocity_from_action(imp_action action, double *speed, double *turn_rate);
/// What a network's two outputs ask for: duty cycles, or forward speed and turn rate; clipped.
imp_action imp_action_from_network(const float outputs[2], bool velocities);

/// The longest command delay that the delay line can hold [steps].
#define IMP_MAX_DELAY_STEPS 15

/// Parameters of the drive; AI-DO's simulator takes time steps of 0.05 s in 10 substeps. Obtain
/// with imp_default_drive_def(), then change fields.
typedef struct imp_drive_def {
    double delay;                        ///< commands act this much later [s]; 0.15
    double trim;                         ///< imbalance of the motors; 0
    double gain;                         ///< factor on what the motors make of a duty cycle; 1
    double wheel_radius, wheel_distance; ///< [m]; IMP_WHEEL_RADIUS and IMP_WHEEL_DISTANCE
    double time_step;                    ///< [s]; 1/30
    int substeps;                        ///< that a time step is integrated in; 1
    int cookie;
} imp_drive_def;

imp_drive_def imp_default_drive_def(void);

/// State of the drive: speeds, clock and the commands that have not acted yet. A plain value: copy
/// it to look ahead.
typedef struct imp_drive {
    imp_drive_def def;
    double speed;       ///< forward speed of the centre of rotation [m/s]
    double turn_rate;   ///< [rad/s], positive to the left
    double time;        ///< since reset [s], accumulated step by step as gym-duckietown does
    imp_action applied; ///< the command that acted in the last step
    int applied_index;  ///< its number since reset, counted from 0; -1 before the first acts
    int recorded;       ///< commands recorded since reset
    imp_action commands[IMP_MAX_DELAY_STEPS + 1];  ///< ring of the last commands
    double command_times[IMP_MAX_DELAY_STEPS + 1]; ///< when each was given [s]
} imp_drive;

/// A drive at rest at time 0.
void imp_drive_reset(imp_drive *drive, const imp_drive_def *def);

/// Records the command at the present time and lets the delayed one act: of those recorded, the one
/// whose time is nearest to the end of the step minus the delay, the later of two; none before time
/// 0. It acts for one time step by forward Euler on u' = -5u + 1.5(r + l), w' = -4w + 15(1 + trim)r
/// - 15(1 - trim)l (for other motors and wheels, see imp_drive_speed_gain()), and the pose moves
/// along the SE(2) exponential of the new velocities. The command is clipped to [-1, 1]. (Facts of
/// duckietown-world's "DB18" model.) With substeps, each of them is such a step, as if the command
/// were given anew at its beginning.
void imp_drive_step(imp_drive *drive, imp_pose *pose, imp_action command);

/// Brings the drive to rest and forgets the commands that have not acted yet.
void imp_drive_stop(imp_drive *drive);

/// What accelerates a drive per duty cycle, ahead [m/s^2] and in turning [rad/s^2]: the nominal
/// robot's IMP_SPEED_GAIN and IMP_TURN_GAIN, times gain and wheel radius; turning is the slower the
/// farther the wheels stand apart.
double imp_drive_speed_gain(const imp_drive_def *def);
double imp_drive_turn_gain(const imp_drive_def *def);

/// The velocities after one substep in which `applied` acts.
void imp_drive_update_velocities(const imp_drive_def *def, imp_action applied, double *speed,
                                 double *turn_rate);

/// Moves a pose for dt seconds at constant velocities.
imp_pose imp_pose_integrate(imp_pose pose, double speed, double turn_rate, double dt);

/// Lens models that have a name.
typedef enum imp_lens_kind {
    IMP_LENS_NONE,       ///< rectilinear
    IMP_LENS_DUCKIEBOT,  ///< gym-duckietown's plumb-bob lens
    IMP_LENS_CUSTOM,     ///< the parameters given, over gym-duckietown's rectilinear image
    IMP_LENS_CALIBRATED, ///< a robot's own: each pixel looks where its calibration says
} imp_lens_kind;

/// OpenCV's plumb-bob model for an image of width x height pixels.
typedef struct imp_lens {
    imp_lens_kind kind;
    int width, height;     ///< image size that fx..cy belong to [px]
    double fx, fy, cx, cy; ///< [px], cx and cy from the image's top left corner
    double k1, k2, p1, p2, k3;
} imp_lens;

/// "none", "duckiebot", "custom" or "calibrated".
const char *imp_lens_name(imp_lens_kind kind);
/// What datasets and models say where nobody knows the camera's lens.
#define IMP_LENS_UNKNOWN "unknown"
imp_lens imp_lens_none(void);
imp_lens imp_lens_duckiebot(void);

/// Plumb-bob distortion (Brown, 1966, in OpenCV's form) of a point of the plane z = 1.
void imp_lens_distort(const imp_lens *lens, double x, double y, double *distorted_x,
                      double *distorted_y);

/// The inverse of imp_lens_distort(), by Newton's method with shortened steps. Returns false where
/// it has none, because the model folds back on itself there.
bool imp_lens_undistort(const imp_lens *lens, double distorted_x, double distorted_y, double *x,
                        double *y);

/// The intrinsics of a rectilinear image without distortion.
typedef struct imp_pinhole {
    double fx, fy, cx, cy; ///< [px]
} imp_pinhole;

/// The largest rectilinear image of the lens's own size that holds no empty corner: OpenCV's
/// "optimal new camera matrix" for alpha = 0, with the five steps of inversion that OpenCV takes.
/// Where these lead astray, as for a model that folds inside the image, the same with an exact
/// inversion; a border that shows nothing is then replaced by the fold before it.
imp_pinhole imp_lens_rectified_pinhole(const imp_lens *lens);

/// What is known about a robot's own camera.
typedef struct imp_calibration {
    imp_lens lens;
    imp_pinhole projection; ///< of the straightened image, in the lens's size; cx and cy are
                            ///< those of the first pixel's middle, as OpenCV and ROS count
} imp_calibration;

/// The Duckiebot's lens, and the projection that its software straightens images with.
imp_calibration imp_calibration_duckiebot(void);

/// Reads a robot's own calibration: YAML as ROS's camera_info and as Duckiebots write it, with
/// image_width, image_height, camera_matrix, distortion_model plumb_bob, distortion_coefficients
/// and, if it is there, projection_matrix; without it the projection is
/// imp_lens_rectified_pinhole()'s. Fails with IMP_BAD_INPUT and "file:line: what is wrong", or
/// IMP_IO.
imp_status imp_calibration_read(imp_calibration *out, const char *path, imp_error *err);

/// A table that straightens images which a lens has bent. Constant once made.
typedef struct imp_undistorter imp_undistorter;

/// Makes a table for images of width x height pixels, to which the calibration is scaled. Freed
/// with imp_undistorter_destroy(). Fails with IMP_USAGE if the lens is none or unsound, and with
/// IMP_NO_MEMORY.
imp_status imp_undistorter_create(imp_undistorter **out, const imp_calibration *from, int width,
                                  int height, imp_error *err);
void imp_undistorter_destroy(imp_undistorter *undistorter); ///< nullable

/// Straightens an image (height x width x 3) into another one; black where the lens saw nothing.
/// Bilinear, in 1/32 of a pixel. Allocates nothing.
void imp_undistorter_apply(const imp_undistorter *undistorter, const uint8_t *rgb, uint8_t *out);

/// Where the camera sits and how it looks. Obtain with imp_default_camera_def(), then change
/// fields.
typedef struct imp_camera_def {
    int width, height;    ///< image size [px], 1..8192; 80 x 60
    double mount_height;  ///< above the ground [m]; 0.108
    double mount_forward; ///< ahead of the centre of rotation [m]; 0.066
    double mount_right;   ///< to the right of it [m]; 0
    double pitch;         ///< downwards [rad]; 19.15 degrees
    double field_of_view; ///< vertical, of the rectilinear image [rad]; 75 degrees
    imp_lens lens;        ///< scaled to the image's size; the Duckiebot's
    int cookie;
} imp_camera_def;

imp_camera_def imp_default_camera_def(void);

/// A camera ready to look through. A plain value.
typedef struct imp_camera {
    imp_camera_def def;
    imp_pinhole plain;     ///< of the rectilinear image, in the lens's size if there is one
    imp_pinhole rectified; ///< of the lens; see imp_lens_rectified_pinhole()
} imp_camera;

/// Checks a definition and prepares a camera. IMP_USAGE, naming the field, if a value is not finite
/// or out of its range, or the lens shows nothing anywhere in its image.
imp_status imp_camera_init(imp_camera *camera, const imp_camera_def *def, imp_error *err);

/// The direction that a pixel looks in, in camera coordinates (x right, y down, z = 1 ahead). (px,
/// py) is a point of the image in pixels, (0, 0) being its top left corner and (width, height) its
/// bottom right one. Returns false where the lens shows nothing (see imp_lens_undistort()). The
/// image of a lens is the lens's own image shrunk or stretched to width x height; without a lens
/// pixels are square. gym-duckietown bends its rectilinear image, as if that were what a
/// calibration straightens images to, so its lens sees less than the robot's; one from a
/// calibration sees what the robot's does, and field_of_view does not count.
bool imp_camera_pixel_to_ray(const imp_camera *camera, double px, double py, double *x, double *y);

/// The inverse of imp_camera_pixel_to_ray(): the point of the image, or beside it, where a
/// direction is seen. Returns false where the lens shows it nowhere.
bool imp_camera_ray_to_pixel(const imp_camera *camera, double x, double y, double *px, double *py);

/// Makes *camera one without a lens that stands at eye and looks at target (x, y up, z) [m], its
/// sides upright, and *pose the pose to draw with. IMP_USAGE if they are the same place, or the eye
/// is not above the ground.
imp_status imp_camera_look_at(imp_camera_def *camera, imp_pose *pose, const double position[3],
                              const double target[3], imp_error *err);

IMP_API_END

#endif
